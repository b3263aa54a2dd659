using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Training;

/// <summary>Training jobs side by side.</summary>
/// <param name="Jobs">The jobs, in the order of the request.</param>
/// <param name="Curves">The curves of each job, in the same order. Discarded epochs are left out.</param>
/// <param name="Names">Names of all metrics, in alphabetical order.</param>
/// <param name="Config">Fields of the configurations, those that differ first.</param>
public sealed record TrainingComparison(
    IReadOnlyList<TrainingJobAnswer> Jobs, IReadOnlyList<TrainingCurvesAnswer> Curves, IReadOnlyList<string> Names, IReadOnlyList<ComparedField> Config);

/// <summary>A field of the configurations of jobs that are compared.</summary>
/// <param name="Field">Name of the field.</param>
/// <param name="Values">Its value in each job, in the order of the jobs; the default value of the trainer where the job has none of its own, null when there is none either.</param>
/// <param name="Differs">Whether the values are not all the same.</param>
public sealed record ComparedField(string Field, IReadOnlyList<JsonElement?> Values, bool Differs);

/// <summary>Compares training jobs.</summary>
public sealed class ComparisonFunctions(PlatformDatabase database, JobRecords records, ProjectAccess access)
{
    private const int MostJobs = 10;

    [Function("CompareTrainingJobs"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Compare training jobs", Returns = typeof(TrainingComparison), Problems = ["NOT_FOUND"],
        Description = "Curves and configurations of two to ten jobs side by side, which may belong to different projects.")]
    [Query<string>("ids", "Ids of the jobs, separated by commas.", Required = true, Example = Examples.TrainingJob + "," + Examples.TrainingJob)]
    [Query<string>("names", "Only these metrics, separated by commas; all when left out.", Example = "loss,accuracy")]
    public async Task<IResult> Compare(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/comparison")] HttpRequest request, CancellationToken cancellation)
    {
        var ids = ReadIds(request.QueryText("ids")!);
        var wanted = request.QueryText("names")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var (jobs, curves) = (new List<TrainingJob>(), new List<TrainingCurvesAnswer>());
        var attempts = (await database.Attempts.AsNoTracking().Where(attempt => ids.Contains(attempt.SubjectId)).OrderBy(attempt => attempt.Number).ToListAsync(cancellation)).ToLookup(attempt => attempt.SubjectId);
        foreach (var id in ids)
        {
            var job = await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
            var all = TrainingCurvesAnswer.Of(job, [.. attempts[id]], await records.EpochsAsync(id, cancellation), wanted);
            jobs.Add(job);
            curves.Add(all with { Points = [.. all.Points.Where(point => !point.Discarded)] });
        }
        var frameworks = jobs.Select(job => job.Framework).ToHashSet(StringComparer.Ordinal);
        var trainers = await database.Trainers.AsNoTracking().Where(trainer => frameworks.Contains(trainer.Framework)).ToDictionaryAsync(trainer => trainer.Framework, cancellation);
        return Answer.Ok(new TrainingComparison(
            [.. jobs.Select(job => TrainingJobAnswer.Of(job, attempts[job.Id]))], curves,
            [.. curves.SelectMany(curve => curve.Names).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Fields(jobs, trainers)));
    }

    private static List<ComparedField> Fields(List<TrainingJob> jobs, Dictionary<string, Trainer> trainers)
    {
        JsonElement? Value(TrainingJob job, string field) =>
            job.Config.TryGetValue(field, out var own) ? own
            : trainers.GetValueOrDefault(job.Framework)?.Capabilities.ConfigSchema.Fields.FirstOrDefault(known => known.Name == field)?.Default;

        return
        [
            .. jobs.SelectMany(job => job.Config.Keys).Distinct(StringComparer.Ordinal)
                .Select(field => (field, values: jobs.ConvertAll(job => Value(job, field))))
                .Select(row => new ComparedField(row.field, row.values, row.values.Any(value => !Same(value, row.values[0]))))
                .OrderByDescending(field => field.Differs).ThenBy(field => field.Field, StringComparer.Ordinal),
        ];
    }

    private static bool Same(JsonElement? one, JsonElement? other) => (one, other) switch
    {
        ({ } a, { } b) => JsonElement.DeepEquals(a, b),
        (null, null) => true,
        _ => false,
    };

    private static Guid[] ReadIds(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is < 2 or > MostJobs)
            throw new ProblemException(ErrorCodes.InvalidParameter, $"ids names 2 to {MostJobs} jobs.", "ids");
        return [.. parts.Select(part => Guid.TryParse(part, out var id) ? id : throw new ProblemException(ErrorCodes.InvalidParameter, $"'{part}' is no id.", "ids"))];
    }
}
