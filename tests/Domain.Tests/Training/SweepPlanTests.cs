using System.Text.Json;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

public sealed class SweepPlanTests
{
    private static readonly ConfigSchema Schema = new(
        [
            new ConfigField("learningRate", "float", null, 0.00001, 1, null, null, false, false, null),
            new ConfigField("batchSize", "int", null, 1, 512, null, null, false, false, null),
            new ConfigField("optimizer", "select", null, null, null, [Json("adam"), Json("sgd")], null, false, false, null),
        ],
        null);

    [Fact]
    public void A_grid_has_every_combination_once()
    {
        SweepParameter[] space = [new("optimizer", [Json("adam"), Json("sgd")]), new("batchSize", [Json(8), Json(16), Json(32)])];

        var found = SweepPlan.Configurations(SweepMethod.Grid, space, 200, 0, Schema);

        Assert.Equal(6, SweepPlan.Combinations(space));
        Assert.Equal(6, found.Select(values => JsonSerializer.Serialize(values)).Distinct().Count());
        Assert.Equal("""{"optimizer":"adam","batchSize":8}""", JsonSerializer.Serialize(found[0]));
    }

    [Fact]
    public void Random_values_lie_in_their_range_and_the_same_seed_gives_the_same_ones()
    {
        SweepParameter[] space = [new("learningRate", Min: 0.0001, Max: 0.1, Log: true), new("batchSize", Min: 2, Max: 64)];

        var found = SweepPlan.Configurations(SweepMethod.Random, space, 100, 7, Schema);

        Assert.Equal(100, found.Count);
        Assert.All(found, values => Assert.InRange(values["learningRate"].GetDouble(), 0.0001, 0.1));
        Assert.All(found, values => Assert.InRange(values["batchSize"].GetInt32(), 2, 64));
        // On a logarithmic scale half of the values lie below the geometric mean; evenly drawn, 3 of 100 would.
        Assert.InRange(found.Count(values => values["learningRate"].GetDouble() < 0.00316), 30, 70);
        Assert.Equal(JsonSerializer.Serialize(found), JsonSerializer.Serialize(SweepPlan.Configurations(SweepMethod.Random, space, 100, 7, Schema)));
        Assert.NotEqual(JsonSerializer.Serialize(found), JsonSerializer.Serialize(SweepPlan.Configurations(SweepMethod.Random, space, 100, 8, Schema)));
    }

    [Fact]
    public void A_small_space_gives_no_configuration_twice() =>
        Assert.Equal(2, SweepPlan.Configurations(SweepMethod.Random, [new("optimizer", [Json("adam"), Json("sgd")])], 10, 1, Schema).Count);

    [Fact]
    public void Halving_keeps_the_best_part_and_multiplies_the_epochs_until_the_last_round()
    {
        Assert.Equal([2, 4, 1], SweepPlan.Survivors([(1, 0.7), (2, 0.9), (3, 0.1), (4, 0.8), (5, 0.2), (6, 0.3), (7, 0.4), (8, 0.5), (9, 0.6)], 3));
        Assert.Equal([2], SweepPlan.Survivors([(1, 0.7), (2, 0.9)], 3));
        Assert.Equal([1, 3, 9, 20, null], Enumerable.Range(1, 5).Select(round => SweepPlan.EpochsOf(round, 1, 20, 3)));
    }

    public static TheoryData<SweepMethod, SweepParameter, string?> Spaces => new()
    {
        { SweepMethod.Grid, new("batchSize", [Json(8)]), null },
        { SweepMethod.Random, new("batchSize", Min: 8, Max: 16), null },
        { SweepMethod.Grid, new("batchSize", Min: 8, Max: 16), "A grid needs a list of values." },
        { SweepMethod.Random, new("nothing", [Json(8)]), "The trainer has no field 'nothing'." },
        { SweepMethod.Random, new("batchSize", [Json(8), Json(1000)]), "Must be a number, at least 1 and at most 512." },
        { SweepMethod.Random, new("batchSize", []), "The list is empty." },
        { SweepMethod.Random, new("batchSize", [Json(8)], 1, 2), "Give either a list of values or a range." },
        { SweepMethod.Random, new("batchSize", Min: 8), "A range needs min and max; a list needs values." },
        { SweepMethod.Random, new("batchSize", Min: 16, Max: 8), "min has to be smaller than max." },
        { SweepMethod.Random, new("learningRate", Min: 0, Max: 0.1, Log: true), "On a logarithmic scale, min has to be above 0." },
        { SweepMethod.Random, new("optimizer", Min: 0, Max: 1), "Only numbers have a range; give a list of values." },
    };

    [Theory]
    [MemberData(nameof(Spaces))]
    public void A_wrong_search_space_is_refused_with_its_place(SweepMethod method, SweepParameter parameter, string? problem) =>
        Assert.Equal(problem, SweepPlan.Problems([parameter], method, Schema).GetValueOrDefault("space[0]")?[0]);

    private static JsonElement Json<T>(T value) => JsonSerializer.SerializeToElement(value);
}
