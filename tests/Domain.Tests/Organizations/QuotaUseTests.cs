using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Domain.Tests.Organizations;

public sealed class QuotaUseTests
{
    [Theory]
    [InlineData(50, 0.1, true)]
    [InlineData(50.1, 0.1, false)] // More than half is used.
    [InlineData(0, 0.101, false)] // More than a thousandth is asked for.
    public void Requests_share_the_lock_only_far_from_the_limit(double used, double asked, bool far) =>
        Assert.Equal(far, Storage(100, used).IsFarFromLimit(asked));

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(1_000)]
    public void As_many_simultaneous_shared_requests_as_a_database_has_connections_stay_within_the_limit(double limit)
    {
        const int AtOnce = 500;
        var steps = Enumerable.Range(0, 2_001).Select(i => i / 2_000.0).ToList();
        var far = (from used in steps from asked in steps where Storage(limit, used * limit).IsFarFromLimit(asked * limit) select (used * limit) + (AtOnce * asked * limit)).ToList();
        Assert.NotEmpty(far);
        Assert.All(far, together => Assert.InRange(together, 0, limit * 1.000001));
    }

    [Fact]
    public void Everything_fits_without_a_limit() => Assert.True(Storage(null, 1e9).HasRoomFor(1e9) && Storage(null, 1e9).IsFarFromLimit(1e9));

    [Theory]
    [InlineData(99, 1, true)]
    [InlineData(99, 1.01, false)]
    public void A_limit_can_be_reached_but_not_exceeded(double used, double more, bool fits) => Assert.Equal(fits, Storage(100, used).HasRoomFor(more));

    private static QuotaUse Storage(double? limit, double used) => new(QuotaKind.StorageGb, QuotaScope.Account, limit, used);
}
