using NCrontab;

namespace VisionPlatform.Application.Backups;

/// <summary>What is due by the schedules. A time that was missed, because no host ran, is due until the next one is near.</summary>
public static class BackupSchedule
{
    private static readonly TimeSpan Reach = TimeSpan.FromDays(8);

    /// <summary>The last time of an NCRONTAB schedule that has passed; null if there was none in the last eight days.</summary>
    public static DateTimeOffset? Due(string schedule, DateTimeOffset now)
    {
        var times = CrontabSchedule.Parse(schedule, new CrontabSchedule.ParseOptions { IncludingSeconds = true });
        var last = times.GetNextOccurrences(now.UtcDateTime - Reach, now.UtcDateTime.AddSeconds(1)).Select(time => (DateTime?)time).LastOrDefault();
        return last is { } time ? new DateTimeOffset(time, TimeSpan.Zero) : null;
    }

    /// <summary>What one time of a schedule is called. As it is the same on every host, the work is done once.</summary>
    public static string Firing(string what, string database, DateTimeOffset due) => $"{what}-{database}-{due.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}";
}
