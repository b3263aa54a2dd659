namespace VisionPlatform.Domain.Backups;

/// <summary>
/// How many backups are kept: the newest of each of the last days, ISO weeks and months that have one, UTC. Those of the 24 hours up to the newest are
/// all kept: somebody may have taken one by hand before a change, and the next scheduled one must not remove it.
/// </summary>
public sealed record BackupRetention(int Daily, int Weekly, int Monthly)
{
    public static readonly BackupRetention Default = new(7, 4, 12);

    /// <summary>Which backups are no longer needed. The newest is always kept.</summary>
    /// <param name="backups">Complete backups of one database and when each was taken.</param>
    public IReadOnlyList<T> Expired<T>(IEnumerable<T> backups, Func<T, DateTimeOffset> taken)
    {
        var newestFirst = backups.OrderByDescending(taken).ToList();
        var kept = new HashSet<T>(newestFirst.TakeWhile(backup => taken(newestFirst[0]) - taken(backup) < TimeSpan.FromDays(1)));
        foreach (var (count, period) in new (int, Func<DateTimeOffset, string>)[] { (Daily, Day), (Weekly, Week), (Monthly, Month) })
            kept.UnionWith(newestFirst.GroupBy(backup => period(taken(backup))).Take(count).Select(group => group.First()));
        return [.. newestFirst.Where(backup => !kept.Contains(backup))];
    }

    private static string Day(DateTimeOffset time) => $"{time.UtcDateTime:yyyyMMdd}";

    private static string Week(DateTimeOffset time) =>
        $"{System.Globalization.ISOWeek.GetYear(time.UtcDateTime)}-{System.Globalization.ISOWeek.GetWeekOfYear(time.UtcDateTime)}";

    private static string Month(DateTimeOffset time) => $"{time.UtcDateTime:yyyyMM}";
}
