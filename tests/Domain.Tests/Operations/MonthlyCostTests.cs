using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Domain.Tests.Operations;

public sealed class MonthlyCostTests
{
    [Fact]
    public void An_installation_pays_for_services_and_for_storage_above_the_free_tier()
    {
        var lines = MonthlyCost.Of(new MonthlyUsage(Databases: 2, Applications: 2, StoredBytes: 50_000_000_000, Writes: 5_000_000, Reads: 20_000_000));

        Assert.Equal([10m, 40m, 0.6m, 18m, 3.6m], lines.Select(line => line.Dollars));
        Assert.Equal(["2", "2", "50 GB", "5 million", "20 million"], lines.Select(line => line.Quantity));
    }

    [Fact]
    public void What_is_within_the_free_tier_costs_nothing() =>
        Assert.Equal(0m, MonthlyCost.Of(new MonthlyUsage(0, 0, 10_000_000_000, 1_000_000, 10_000_000)).Sum(line => line.Dollars));
}
