/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <mutex>

#include "elementproperties.h"
#include "modelloader.h"

/** \brief What is set at the element; for any thread */
class Settings
{
public:
	/** \brief \a loader is told of the weights, and whether to watch them */
	explicit Settings(ModelLoader &loader) : loader_(loader) {}

	ElementSettings get() const;
	void get(const ElementProperty &property, GValue *value) const;
	/** \throws fm::Error BadSetting for a value that is not accepted */
	void set(const ElementProperty &property, const GValue *value);

	/** \brief `weights` is what is in effect again, unless there is something on its way */
	void settle();

private:
	ModelLoader &loader_;
	mutable std::mutex mutex_; /* Protects settings_; the loader's is taken within. */
	ElementSettings settings_;
};
