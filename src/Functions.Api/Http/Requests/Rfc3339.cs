using System.Globalization;
using System.Text.RegularExpressions;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Reads times as RFC 3339 section 5.6 writes them: date, time and offset are all there, as in <c>2026-11-20T08:30:00.5+01:00</c>.</summary>
public static partial class Rfc3339
{
    /// <summary>False for any other text, for impossible dates, and for times that are before the year 1 or after 9999 in UTC. Leap seconds are refused.</summary>
    /// <param name="text">The text.</param>
    /// <param name="time">The time in UTC. Digits after the seventh decimal of the second are ignored.</param>
    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        return text is not null && Form().Match(text) is { Success: true } match
            && DateTimeOffset.TryParseExact(
                $"{match.Groups["time"].Value}.{match.Groups["fraction"].Value.PadRight(7, '0')}{match.Groups["offset"].Value}".ToUpperInvariant(), "yyyy-MM-dd'T'HH:mm:ss.fffffffK", CultureInfo.InvariantCulture,
                DateTimeStyles.AdjustToUniversal, out time);
    }

    [GeneratedRegex(@"^(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]{1,7})[0-9]*)?(?<offset>Z|[+-][0-9]{2}:[0-9]{2})\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
