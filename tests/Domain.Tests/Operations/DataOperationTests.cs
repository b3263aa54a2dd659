using System.Text.Json;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Domain.Tests.Operations;

public sealed class DataOperationTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-11-30T12:00:00Z");

    [Fact]
    public void The_work_of_a_phase_grows_while_it_is_found_and_a_new_phase_begins_at_zero()
    {
        var operation = New(firing: null);

        operation.Advance(new OperationProgress("copy", true, 0, 0, 0, FoundItems: 10, FoundBytes: 1000), Now);
        operation.Advance(new OperationProgress(null, false, 4, 400, 0), Now);
        operation.Advance(new OperationProgress("copy", false, 1, 100, 0, FoundItems: 5, FoundBytes: 500), Now);
        Assert.Equal((5, 500, 15, 1500), (operation.Items, operation.Bytes, operation.ExpectedItems, operation.ExpectedBytes));

        Assert.True(operation.Advance(new OperationProgress("verify", true, 0, 0, 700), Now));
        Assert.Equal((0, 0, 0, 700), (operation.Items, operation.Bytes, operation.ExpectedItems, operation.ExpectedBytes));
    }

    [Fact]
    public void A_phase_that_begins_anew_after_an_interruption_forgets_what_it_had_found()
    {
        var operation = New(firing: null);
        operation.Advance(new OperationProgress("copy", true, 3, 300, 0, FoundItems: 10, FoundBytes: 1000), Now);

        Assert.False(operation.Advance(new OperationProgress("copy", true, 0, 0, 0, FoundItems: 7, FoundBytes: 700), Now));

        Assert.Equal((0, 0, 7, 700), (operation.Items, operation.Bytes, operation.ExpectedItems, operation.ExpectedBytes));
    }

    [Theory]
    [InlineData(null, OperationStarter.Account)]
    [InlineData("backup-platform-20261130T020000Z", OperationStarter.Schedule)]
    public void An_operation_knows_who_started_it(string? firing, OperationStarter starter) => Assert.Equal(starter, New(firing).StartedBy);

    [Theory]
    [InlineData(10, 100, 300, 600, 3.0, 3.0)]
    [InlineData(25, 100, 0, 0, 5.0, 15.0)]
    [InlineData(0, 100, 0, 0, 5.0, null)]
    [InlineData(10, 0, 300, 0, 5.0, null)]
    [InlineData(10, 10, 600, 600, 5.0, null)]
    public void The_time_left_follows_from_the_pace_of_bytes_or_of_items(long items, long expectedItems, long bytes, long expectedBytes, double seconds, double? left) =>
        Assert.Equal(left, PhaseEta.Seconds(items, expectedItems, bytes, expectedBytes, seconds));

    private static DataOperation New(string? firing) => new()
    {
        Id = Guid.CreateVersion7(Now), Kind = OperationKind.StorageSync, Subject = "datasets → cold", Function = "SyncStorage", Request = JsonSerializer.SerializeToElement(new { }), Home = "here",
        Firing = firing, CreatedAt = Now,
    };
}
