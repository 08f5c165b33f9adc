/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include <c10/core/Device.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace fm {

/** \brief What is loaded from files and in use somewhere in the process; its users share it */
template<typename Key, typename Value>
class SharedByFile
{
public:
	/** \brief What there is for \a key; else what \a make returns, loaded to \a device */
	template<typename Make>
	std::shared_ptr<const Value> get(const Key &key, c10::Device device, Make &&make)
	{
		std::lock_guard lock(mutex_);
		std::erase_if(loaded_, [](const auto &entry) { return entry.second.expired(); });
		std::shared_ptr<const Value> value = loaded_[key].lock();
		if (!value) {
			value = std::make_shared<const Value>(make());
			/* Others may read it at once, on streams of their own. */
			if (!device.is_cpu())
				c10::impl::VirtualGuardImpl(device.type())
					.getStream(device)
					.synchronize();
			loaded_[key] = value;
		}
		return value;
	}

private:
	std::mutex mutex_; /* Protects all below; held while loading, so that nothing is loaded
	                      twice. */
	std::map<Key, std::weak_ptr<const Value>> loaded_;
};

} /* namespace fm */
