/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <variant>

#include <glib-object.h>

/**
 * \brief A row of a property table: what GObject has to know, and where the value is kept
 *
 * The default is that of the settings' own struct.
 */
template<typename Settings>
struct Property {
	struct Flag {
		bool &(*value)(Settings &);
	};
	struct Number {
		unsigned &(*value)(Settings &);
		unsigned min, max;
	};
	struct Real {
		double &(*value)(Settings &);
		double min, max;
	};
	/** \brief A number that may be left open; reads as \a open then */
	struct OpenReal {
		std::optional<double> &(*value)(Settings &);
		double min, max, open;
	};
	struct Choice {
		int (*get)(Settings &);
		void (*set)(Settings &, int);
		GType (*type)();
	};
	struct Text {
		std::string &(*value)(Settings &);
		void (*check)(const std::string &) = nullptr; /**< Throws what is not accepted. */
		const char *open = nullptr; /**< What it reads as where it is empty. */
	};

	const char *name;
	const char *blurb;
	std::variant<Flag, Number, Real, OpenReal, Choice, Text> kind;

	/** \brief The member that is reached through \a Members, one after the other */
	template<auto... Members>
	static auto &member(Settings &settings)
	{
		return (settings.*....*Members);
	}

	template<auto... Members>
	static constexpr Choice choice(GType (*type)())
	{
		return { [](Settings &settings) {
				return static_cast<int>(member<Members...>(settings));
			},
			 [](Settings &settings, int value) {
				 auto &target = member<Members...>(settings);
				 target = static_cast<std::remove_reference_t<decltype(target)>>(
					 value);
			 },
			 type };
	}
};

template<class... Ts>
struct Overloaded : Ts... {
	using Ts::operator()...;
};
template<class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

/**
 * \brief Installs \a table, whose first row gets the id \a firstId
 *
 * All rows have the flags \a extraFlags, and numbers \a numberFlags as well.
 */
template<typename Settings>
void installProperties(GObjectClass *klass, std::span<const Property<Settings>> table,
                       guint firstId, int extraFlags, int numberFlags = 0)
{
	Settings defaults;

	for (guint id = firstId; const Property<Settings> &row : table) {
		using Row = Property<Settings>;
		const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE |
		                                            G_PARAM_STATIC_STRINGS | extraFlags);
		const auto ofNumber = static_cast<GParamFlags>(flags | numberFlags);
		const auto make = Overloaded{
			[&](const typename Row::Flag &f) {
				return g_param_spec_boolean(row.name, row.name, row.blurb,
			                                    f.value(defaults), flags);
			},
			[&](const typename Row::Number &f) {
				return g_param_spec_uint(row.name, row.name, row.blurb, f.min,
			                                 f.max, f.value(defaults), ofNumber);
			},
			[&](const typename Row::Real &f) {
				return g_param_spec_double(row.name, row.name, row.blurb, f.min,
			                                   f.max, f.value(defaults), ofNumber);
			},
			[&](const typename Row::OpenReal &f) {
				return g_param_spec_double(
					row.name, row.name, row.blurb, f.min, f.max,
					f.value(defaults).value_or(f.open), ofNumber);
			},
			[&](const typename Row::Choice &f) {
				return g_param_spec_enum(row.name, row.name, row.blurb, f.type(),
			                                 f.get(defaults), flags);
			},
			[&](const typename Row::Text &f) {
				const std::string &text = f.value(defaults);
				return g_param_spec_string(row.name, row.name, row.blurb,
			                                   text.empty() ? f.open : text.c_str(),
			                                   flags);
			},
		};
		g_object_class_install_property(klass, id++, std::visit(make, row.kind));
	}
}

/** \throws fm::Error BadSetting for a text that is not accepted; \a settings are then unchanged */
template<typename Settings>
void setProperty(Settings &settings, const Property<Settings> &row, const GValue *value)
{
	using Row = Property<Settings>;
	std::visit(Overloaded{
			   [&](const typename Row::Flag &f) {
				   f.value(settings) = g_value_get_boolean(value);
			   },
			   [&](const typename Row::Number &f) {
				   f.value(settings) = g_value_get_uint(value);
			   },
			   [&](const typename Row::Real &f) {
				   f.value(settings) = g_value_get_double(value);
			   },
			   [&](const typename Row::OpenReal &f) {
				   f.value(settings) = g_value_get_double(value);
			   },
			   [&](const typename Row::Choice &f) {
				   f.set(settings, g_value_get_enum(value));
			   },
			   [&](const typename Row::Text &f) {
				   const char *given = g_value_get_string(value);
				   const std::string text = given ? given : "";
				   if (f.check)
					   f.check(text);
				   f.value(settings) = text;
			   },
		   },
	           row.kind);
}

template<typename Settings>
void getProperty(Settings settings, const Property<Settings> &row, GValue *value)
{
	using Row = Property<Settings>;
	std::visit(Overloaded{
			   [&](const typename Row::Flag &f) {
				   g_value_set_boolean(value, f.value(settings));
			   },
			   [&](const typename Row::Number &f) {
				   g_value_set_uint(value, f.value(settings));
			   },
			   [&](const typename Row::Real &f) {
				   g_value_set_double(value, f.value(settings));
			   },
			   [&](const typename Row::OpenReal &f) {
				   g_value_set_double(value, f.value(settings).value_or(f.open));
			   },
			   [&](const typename Row::Choice &f) {
				   g_value_set_enum(value, f.get(settings));
			   },
			   [&](const typename Row::Text &f) {
				   const std::string &text = f.value(settings);
				   g_value_set_string(value, text.empty() ? f.open : text.c_str());
			   },
		   },
	           row.kind);
}
