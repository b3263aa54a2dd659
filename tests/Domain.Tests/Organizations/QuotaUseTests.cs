using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Domain.Tests.Organizations;

public sealed class QuotaUseTests
{
    [Theory]
    [InlineData(100, 0.1, true)]
    [InlineData(50, 0.1, true)]
    [InlineData(50.1, 0.1, false)] // More than half is used.
    [InlineData(0, 0.101, false)] // More than a thousandth is asked for.
    public void Requests_pass_one_another_only_far_from_the_limit(double used, double asked, bool far)
    {
        var limit = used == 100 ? 200 : 100;
        Assert.Equal(far, Storage(limit, used).IsFarFromLimit(asked));
    }

    [Fact]
    public void As_many_requests_at_once_as_a_database_has_connections_stay_within_the_limit_when_each_found_itself_far_from_it()
    {
        const double Limit = 1_000, Asked = Limit / 1_000;
        var used = Limit / 2;
        Assert.True(Storage(Limit, used).IsFarFromLimit(Asked));
        Assert.True(used + (500 * Asked) <= Limit);
    }

    [Fact]
    public void Without_a_limit_everything_fits() => Assert.True(Storage(null, 1e9).HasRoomFor(1e9) && Storage(null, 1e9).IsFarFromLimit(1e9));

    [Theory]
    [InlineData(99, 1, true)]
    [InlineData(99, 1.01, false)]
    public void A_limit_may_be_reached_but_not_passed(double used, double more, bool fits) => Assert.Equal(fits, Storage(100, used).HasRoomFor(more));

    private static QuotaUse Storage(double? limit, double used) => new(QuotaKind.StorageGb, QuotaScope.Account, limit, used);
}
