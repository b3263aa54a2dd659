using VisionPlatform.Domain.Backups;

namespace VisionPlatform.Domain.Tests.Backups;

public sealed class BackupRetentionTests
{
    private static readonly DateTimeOffset Today = new(2026, 11, 29, 2, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_last_of_each_of_the_last_days_weeks_and_months_is_kept()
    {
        var daily = Enumerable.Range(0, 500).Select(days => Today.AddDays(-days)).ToList();

        var kept = daily.Except(new BackupRetention(3, 2, 3).Expired(daily, time => time)).Select(time => $"{time:yyyy-MM-dd}");

        // 29 November 2026 is a Sunday, the last day of its week.
        Assert.Equal(["2026-11-29", "2026-11-28", "2026-11-27", "2026-11-22", "2026-10-31", "2026-09-30"], kept);
    }

    [Fact]
    public void Of_several_on_an_earlier_day_the_last_is_kept() =>
        Assert.Equal([Today, Today.AddHours(1)], new BackupRetention(2, 1, 1).Expired([Today, Today.AddHours(2), Today.AddHours(1), Today.AddDays(3)], time => time).Order());

    [Fact]
    public void Of_the_24_hours_up_to_the_newest_all_are_kept() =>
        Assert.Equal([Today], new BackupRetention(1, 1, 1).Expired([Today, Today.AddHours(1), Today.AddHours(2), Today.AddDays(1)], time => time));

    [Fact]
    public void A_gap_of_weeks_does_not_use_up_the_days() =>
        Assert.Equal([Today.AddDays(-61)], new BackupRetention(2, 0, 0).Expired([Today, Today.AddDays(-60), Today.AddDays(-61)], time => time));

    [Fact]
    public void The_newest_is_kept_whatever_the_settings_say() =>
        Assert.Equal([Today.AddDays(-1)], new BackupRetention(0, 0, 0).Expired([Today.AddDays(-1), Today], time => time));
}
