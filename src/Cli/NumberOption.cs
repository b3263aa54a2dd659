using System.CommandLine;
using System.Globalization;

namespace VisionPlatform.Cli;

/// <summary>Options that take a number within limits. Any other value is a parse error.</summary>
internal static class NumberOption
{
    public static Option<T> Build<T>(string name, string description, T value, T least, T most, string helpName = "N")
        where T : struct, IComparable<T>, ISpanParsable<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                if (result.Tokens is [var token]
                    && T.TryParse(token.Value, CultureInfo.InvariantCulture, out var given)
                    && given.CompareTo(least) >= 0 && given.CompareTo(most) <= 0)
                {
                    return given;
                }
                result.AddError($"{name} is a number from {least} to {most}.");
                return value;
            },
        };
}
