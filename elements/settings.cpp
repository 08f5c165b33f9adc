/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

ElementSettings Settings::get() const
{
	const std::lock_guard lock(mutex_);
	return settings_;
}

void Settings::get(const ElementProperty &property, GValue *value) const
{
	getProperty(get(), property, value);
}

/* The loader hears of it with the mutex held, so that settle() comes before both or after. */
void Settings::set(const ElementProperty &property, const GValue *value)
{
	const std::lock_guard lock(mutex_);
	setProperty(settings_, property, value);
	if (&property == &weightsProperty)
		loader_.load(settings_.model.weights);
	if (&property == &watchProperty)
		loader_.watch(settings_.watch);
}

void Settings::settle()
{
	const std::lock_guard lock(mutex_);
	if (const auto weights = loader_.settledWeights())
		settings_.model.weights = *weights;
}
