using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using NCrontab;

namespace VisionPlatform.Functions.Embedded;

/// <summary>When a timer fires, in UTC: an NCRONTAB expression of five fields, or of six that begin with seconds, or a constant interval.</summary>
internal sealed partial class TimerSchedule
{
    private readonly CrontabSchedule? _cron;
    private readonly TimeSpan _interval;

    private TimerSchedule(string text, CrontabSchedule? cron, TimeSpan interval)
    {
        Text = text;
        _cron = cron;
        _interval = interval;
    }

    /// <summary>The schedule with its settings replaced.</summary>
    public string Text { get; }

    /// <summary>The first firing after <paramref name="after"/>; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (_cron is null)
            return after + _interval;
        DateTime next = _cron.GetNextOccurrence(after.UtcDateTime);
        return next > after.UtcDateTime ? new DateTimeOffset(next, TimeSpan.Zero) : null;
    }

    /// <summary>Reads a schedule and replaces <c>%NAME%</c> by the setting.</summary>
    /// <exception cref="InvalidOperationException">The schedule is invalid; the message names the function and the cause.</exception>
    public static TimerSchedule Parse(string function, string schedule, IConfiguration configuration)
    {
        string text = Setting().Replace(schedule, match => configuration[match.Groups[1].Value]
            ?? throw new InvalidOperationException(
                $"Timer function '{function}' reads its schedule from the setting '{match.Groups[1].Value}', which is not set.")).Trim();
        int fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        if (fields is 5 or 6)
        {
            CrontabSchedule? cron = CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = fields == 6 });
            if (cron is not null)
                return new TimerSchedule(text, cron, default);
        }
        else if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan interval) && interval > TimeSpan.Zero)
        {
            return new TimerSchedule(text, null, interval);
        }

        throw new InvalidOperationException(
            $"Timer function '{function}' has an invalid schedule: \"{text}\". Use five or six NCRONTAB fields or a time span such as 00:05:00.");
    }

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Setting();
}
