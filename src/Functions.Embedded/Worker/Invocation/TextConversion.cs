using System.Globalization;
using System.Reflection;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Turns the text of a route or query value into a parameter's type; false when it does not fit.</summary>
internal delegate bool TextConversion(string text, out object? value);

internal static class TextConversions
{
    /// <summary>
    /// The conversion to <paramref name="type"/> (itself or as Nullable): string, bool, enums and what parses itself
    /// (<see cref="IParsable{TSelf}"/>: Guid, numbers, DateOnly, …), culture invariant, dates without offset in UTC.
    /// Null when there is none.
    /// </summary>
    public static TextConversion? To(Type type)
    {
        Type target = Nullable.GetUnderlyingType(type) ?? type;
        if (target == typeof(string))
            return static (string text, out object? value) => (value = text) is not null;
        if (target == typeof(DateTimeOffset))
            return DateTimeOffsetFrom;
        if (target == typeof(DateTime))
            return DateTimeFrom;
        if (target.IsEnum)
            return (string text, out object? value) => Enum.TryParse(target, text, ignoreCase: true, out value) && Enum.IsDefined(target, value!);
        bool parsable = target.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IParsable<>)
            && i.GetGenericArguments()[0] == target);
        return parsable
            ? typeof(TextConversions).GetMethod(nameof(Parse), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(target).CreateDelegate<TextConversion>()
            : null;
    }

    private static bool Parse<T>(string text, out object? value)
        where T : IParsable<T>
    {
        bool parsed = T.TryParse(text, CultureInfo.InvariantCulture, out T? result);
        value = result;
        return parsed;
    }

    private static bool DateTimeOffsetFrom(string text, out object? value)
    {
        bool parsed = DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset result);
        value = result;
        return parsed;
    }

    private static bool DateTimeFrom(string text, out object? value)
    {
        bool parsed = DateTime.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime result);
        value = result;
        return parsed;
    }
}
