using System.Text.Json;

namespace VisionPlatform.Domain.Training;

/// <summary>Chooses the configurations of a sweep, and those that go on to the next round.</summary>
public static class SweepPlan
{
    /// <summary>Most configurations of one sweep.</summary>
    public const int MostConfigurations = 200;

    /// <summary>What is wrong with a search space, by field; empty when nothing is.</summary>
    /// <param name="space">The parameters.</param>
    /// <param name="method">A grid takes lists only.</param>
    /// <param name="schema">Fields of the trainer.</param>
    public static Dictionary<string, string[]> Problems(IReadOnlyList<SweepParameter> space, SweepMethod method, ConfigSchema schema)
    {
        var problems = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var (index, parameter) in space.Index())
        {
            var field = schema.Fields.FirstOrDefault(candidate => candidate.Name == parameter.Field);
            var problem = field is null ? $"The trainer has no field '{parameter.Field}'."
                : space.Take(index).Any(other => other.Field == parameter.Field) ? "The field is listed twice."
                : parameter.Values is { } values ? OfValues(values, parameter, field)
                : method == SweepMethod.Grid ? "A grid needs a list of values."
                : OfRange(parameter, field);
            if (problem is not null)
                problems[$"space[{index}]"] = [problem];
        }
        return problems;
    }

    /// <summary>Number of combinations of the lists; null when a range allows any number.</summary>
    public static long? Combinations(IReadOnlyList<SweepParameter> space) =>
        space.Any(parameter => parameter.Values is null) ? null : space.Aggregate(1L, (product, parameter) => Math.Min(product * parameter.Values!.Count, int.MaxValue));

    /// <summary>The values of the fields for each run, without duplicates. The same seed gives the same configurations.</summary>
    /// <param name="count">How many, at the most. A grid gives its first ones.</param>
    public static List<Dictionary<string, JsonElement>> Configurations(SweepMethod method, IReadOnlyList<SweepParameter> space, int count, int seed, ConfigSchema schema) =>
        method == SweepMethod.Grid ? [.. Grid(space).Take(count)] : Draw(space, count, seed, schema);

    /// <summary>
    /// Successive halving (Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization, 2016): one of <paramref name="factor"/>
    /// configurations goes on, the best ones by score; at least one does.
    /// </summary>
    /// <param name="scores">Configuration and score of each run that completed its round, higher is better.</param>
    public static List<int> Survivors(IReadOnlyCollection<(int Number, double Score)> scores, int factor) =>
        [.. scores.OrderByDescending(run => run.Score).ThenBy(run => run.Number).Take(Math.Max(1, scores.Count / factor)).Select(run => run.Number)];

    /// <summary>Epochs of a round; null when the round before was the last one.</summary>
    /// <param name="round">From 1.</param>
    public static int? EpochsOf(int round, int minEpochs, int maxEpochs, int factor)
    {
        double Of(int number) => Math.Min(minEpochs * Math.Pow(factor, number - 1), maxEpochs);
        return round > 1 && Of(round - 1) >= maxEpochs ? null : (int)Of(round);
    }

    private static string? OfValues(IReadOnlyList<JsonElement> values, SweepParameter parameter, ConfigField field) =>
        parameter.Min is not null || parameter.Max is not null ? "Give either a list of values or a range."
        : values.Count == 0 ? "The list is empty."
        : values.Select(field.Check).FirstOrDefault(problem => problem is not null);

    private static string? OfRange(SweepParameter parameter, ConfigField field) =>
        field.Type is not ("int" or "float") ? "Only numbers have a range; give a list of values."
        : parameter is not { Min: { } min, Max: { } max } ? "A range needs min and max; a list needs values."
        : min >= max ? "min has to be smaller than max."
        : parameter.Log && min <= 0 ? "On a logarithmic scale, min has to be above 0."
        : field.Check(Value(min, field)) ?? field.Check(Value(max, field));

    private static IEnumerable<Dictionary<string, JsonElement>> Grid(IReadOnlyList<SweepParameter> space)
    {
        IEnumerable<Dictionary<string, JsonElement>> found = [[]];
        foreach (var parameter in space)
            found = found.SelectMany(_ => parameter.Values!, (known, value) => new Dictionary<string, JsonElement>(known, StringComparer.Ordinal) { [parameter.Field] = value });
        return found;
    }

    private static List<Dictionary<string, JsonElement>> Draw(IReadOnlyList<SweepParameter> space, int count, int seed, ConfigSchema schema)
    {
        var random = new Random(seed);
        var (found, seen) = (new List<Dictionary<string, JsonElement>>(), new HashSet<string>(StringComparer.Ordinal));
        // A small space has fewer combinations than runs; each try may repeat an earlier one.
        for (var tries = 0; found.Count < count && tries < 50 * count; tries++)
        {
            var drawn = space.ToDictionary(parameter => parameter.Field, parameter => Draw(parameter, random, schema), StringComparer.Ordinal);
            if (seen.Add(JsonSerializer.Serialize(drawn)))
                found.Add(drawn);
        }
        return found;
    }

    private static JsonElement Draw(SweepParameter parameter, Random random, ConfigSchema schema)
    {
        if (parameter.Values is { } values)
            return values[random.Next(values.Count)];
        var (min, max, at) = (parameter.Min!.Value, parameter.Max!.Value, random.NextDouble());
        var value = parameter.Log ? Math.Exp(Math.Log(min) + (at * (Math.Log(max) - Math.Log(min)))) : min + (at * (max - min));
        return Value(Math.Clamp(value, min, max), schema.Fields.First(field => field.Name == parameter.Field));
    }

    private static JsonElement Value(double value, ConfigField field) =>
        field.Type == "int"
            ? JsonSerializer.SerializeToElement((long)Math.Round(value))
            : JsonSerializer.SerializeToElement(double.Parse(value.ToString("G4", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture));
}
