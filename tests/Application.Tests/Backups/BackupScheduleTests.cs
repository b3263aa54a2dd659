using VisionPlatform.Application.Backups;

namespace VisionPlatform.Application.Tests.Backups;

public sealed class BackupScheduleTests
{
    [Theory]
    [InlineData("0 0 2 * * *", "2026-11-29T02:00:00Z", "2026-11-29T02:00:00Z")]
    [InlineData("0 0 2 * * *", "2026-11-29T01:59:59Z", "2026-11-28T02:00:00Z")]
    [InlineData("0 0 2 * * *", "2026-11-29T23:00:00Z", "2026-11-29T02:00:00Z")]
    [InlineData("0 0 4 * * 0", "2026-11-28T12:00:00Z", "2026-11-22T04:00:00Z")]
    public void The_last_time_that_has_passed_is_due(string schedule, string now, string due) =>
        Assert.Equal(DateTimeOffset.Parse(due), BackupSchedule.Due(schedule, DateTimeOffset.Parse(now)));

    [Fact]
    public void A_time_more_than_eight_days_ago_is_not_made_up_for() =>
        Assert.Null(BackupSchedule.Due("0 0 2 1 1 *", DateTimeOffset.Parse("2026-11-29T12:00:00Z")));

    [Fact]
    public void A_time_has_one_name_on_every_host() =>
        Assert.Equal("backup-platform-20261129T020000Z", BackupSchedule.Firing("backup", "platform", DateTimeOffset.Parse("2026-11-29T02:00:00Z")));
}
