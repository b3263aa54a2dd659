using System.Text.Json;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Training;

/// <summary>Finds the change of the configuration that is likely to help after a failure.</summary>
public static class FailureAdvice
{
    /// <summary>
    /// The failure with the change to try, unless the trainer has named one: half the batch size when memory ran out, a tenth of the learning rate when the
    /// loss diverged. Unchanged when the configuration has no such field or cannot go lower.
    /// </summary>
    /// <param name="failure">Why the job failed.</param>
    /// <param name="config">The job's configuration.</param>
    /// <param name="schema">The trainer's fields; null when they are unknown, and then a default value is unknown too.</param>
    public static Failure Complete(Failure failure, IReadOnlyDictionary<string, JsonElement> config, ConfigSchema? schema)
    {
        if (failure.TryConfig is not null)
            return failure;
        (string Field, Func<double, double> Lower)? change =
            failure.Code == ErrorCodes.OutOfMemory.Code ? ("batchSize", size => Math.Floor(size / 2))
            : failure.Code == ErrorCodes.LossDiverged.Code ? ("learningRate", rate => rate / 10)
            : null;
        if (change is not var (name, lower))
            return failure;
        var field = schema?.Fields.FirstOrDefault(candidate => candidate.Name == name);
        var present = config.TryGetValue(name, out var value) ? value : field?.Default;
        if (present is not { ValueKind: JsonValueKind.Number } used)
            return failure;
        var next = lower(used.GetDouble());
        var written = JsonSerializer.SerializeToElement(next);
        var measured = new Dictionary<string, double>(failure.Measured ?? new Dictionary<string, double>(), StringComparer.Ordinal);
        measured.TryAdd(name, used.GetDouble());
        return next <= 0 || field?.Check(written) is not null
            ? failure with { Measured = measured }
            : failure with { Measured = measured, TryConfig = new Dictionary<string, JsonElement> { [name] = written } };
    }
}
