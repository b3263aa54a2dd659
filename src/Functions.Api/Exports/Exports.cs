using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Api.Training;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Exports;

namespace VisionPlatform.Api.Exports;

/// <summary>Exports to create.</summary>
/// <param name="ModelVersionId">Model version to export.</param>
/// <param name="Formats">Formats to export to, as the trainer's capabilities name them, for example <c>onnx</c> and <c>torchscript</c>.</param>
/// <param name="Options">Options by format, for example <c>{"onnx": {"opset": 13}}</c>. The trainer's capabilities list the options of each format.</param>
public sealed record NewExports(
    [property: Required] Guid? ModelVersionId,
    [property: Required, MinLength(1), MaxLength(10)] IReadOnlyList<string>? Formats,
    Dictionary<string, Dictionary<string, JsonElement>>? Options);

/// <summary>A model version converted to another format.</summary>
/// <param name="ModelVersionId">Model version that was exported.</param>
/// <param name="Format">Format, as the trainer's capabilities name it.</param>
/// <param name="Options">Options that were asked for, by name.</param>
/// <param name="State">How far the export is.</param>
/// <param name="Size">Size of the file in bytes; null until completed.</param>
/// <param name="Sha256">SHA-256 of the file; null until completed.</param>
/// <param name="Metadata">What a runtime needs to use the file: shapes, classes and preprocessing, as a JSON object. Null until completed.</param>
/// <param name="Validation">How the exported file compares with the checkpoint; null until completed.</param>
/// <param name="Error">Why the export failed; null otherwise.</param>
/// <param name="CompletedAt">When the export ended; null before.</param>
public sealed record ExportAnswer(
    Guid Id, Guid ModelVersionId, string Format, IReadOnlyDictionary<string, JsonElement> Options, ExportState State, long? Size, string? Sha256,
    JsonElement? Metadata, ExportValidation? Validation, FailureAnswer? Error, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt)
{
    public static ExportAnswer From(Export export) => new(
        export.Id, export.ModelVersionId, export.Format, export.Options, export.State, export.Size, export.Sha256, export.Metadata, export.Validation,
        FailureAnswer.From(export.Error), export.CreatedAt, export.CompletedAt);
}

/// <summary>Exports that were started.</summary>
/// <param name="Items">One export for each format.</param>
/// <param name="OrchestrationId">Id of the durable orchestration that makes them, for operators.</param>
public sealed record StartedExports(IReadOnlyList<ExportAnswer> Items, string OrchestrationId);

/// <summary>Where to download a file.</summary>
/// <param name="Url">Presigned address of the file.</param>
/// <param name="ExpiresAt">When the address stops working.</param>
public sealed record Download(Uri Url, DateTimeOffset ExpiresAt);

/// <summary>Exports of model versions.</summary>
public sealed class ModelExports(PlatformDatabase database, TrainerCatalog catalog, ObjectStores stores, ProjectAccess access, TimeProvider time)
{
    private const string NewExportsExample = $$$"""{"modelVersionId":"{{{Examples.ModelVersion}}}","formats":["onnx"],"options":{"onnx":{"opset":13} } }""";
    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function(nameof(CreateExports)), RequiresPermission(Permission.ExportsRun)]
    [Operation("Export a model version", Tag = "Exports", Body = typeof(NewExports), Example = NewExportsExample, Returns = typeof(StartedExports), Status = 202,
        Problems = ["NOT_FOUND", "UNKNOWN_EXPORT_FORMAT", "INVALID_CONFIG", "TRAINER_UNAVAILABLE"],
        Description = "Starts one export for each format. They run in parallel; read them until they have ended.")]
    public async Task<IResult> CreateExports(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/exports")] HttpRequest request,
        [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var wanted = await request.ReadJsonAsync<NewExports>(cancellation);
        var version = await database.ModelVersions.AsNoTracking().SingleOrDefaultAsync(v => v.Id == wanted.ModelVersionId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such model version, or you may not see it.", "modelVersionId");
        await access.RequireAsync(user, version.ProjectId, Permission.ExportsRun, cancellation);
        var capabilities = await catalog.RequireAsync(version.Framework, cancellation);
        var formats = wanted.Formats!.Distinct(StringComparer.Ordinal).ToList();
        if (wanted.Options?.Keys.FirstOrDefault(format => !formats.Contains(format)) is { } stray)
            throw new ProblemException(ErrorCodes.InvalidConfig, $"There are options for '{stray}', which is not among the formats.", $"options.{stray}");
        foreach (var format in formats)
            Check(capabilities, format, wanted.Options?.GetValueOrDefault(format) ?? []);

        var exports = formats.Select(format => new Export
        {
            ProjectId = version.ProjectId, ModelVersionId = version.Id, Format = format, Options = wanted.Options?.GetValueOrDefault(format) ?? [],
            CreatedBy = user.Id, CreatedAt = time.GetUtcNow(),
        }).ToList();
        await using var creation = await request.BeginCreationAsync(database, time, cancellation);
        if (creation.Earlier is { } earlier)
            return earlier;
        database.Exports.AddRange(exports);
        await database.SaveChangesAsync(cancellation);
        var orchestration = ExportModels.InstanceId(exports[0].Id);
        var answer = await creation.CommitAsync(
            Answer.Accepted($"/api/v1/exports?modelVersionId={version.Id}", new StartedExports([.. exports.Select(ExportAnswer.From)], orchestration)), cancellation);
        await durable.ScheduleOnceAsync(nameof(ExportModels), exports.Select(export => export.Id).ToList(), orchestration, cancellation);
        return answer;
    }

    [Function(nameof(ListExports)), RequiresPermission(Permission.ExportsRead)]
    [Operation("List exports of a model version", Tag = "Exports", Returns = typeof(Page<ExportAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("modelVersionId", "Model version whose exports are listed.", Required = true, Example = Examples.ModelVersion)]
    public async Task<IActionResult> ListExports(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/exports")] HttpRequest request, CancellationToken cancellation)
    {
        var versionId = request.RequiredQueryId("modelVersionId");
        var version = await database.ModelVersions.AsNoTracking().SingleOrDefaultAsync(v => v.Id == versionId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such model version, or you may not see it.");
        await access.RequireAsync(request.CurrentUser(), version.ProjectId, Permission.ExportsRead, cancellation);
        return new OkObjectResult(await database.Exports.AsNoTracking().Where(export => export.ModelVersionId == versionId).NewestFirstAsync(request, ExportAnswer.From, cancellation));
    }

    [Function(nameof(GetExport)), RequiresPermission(Permission.ExportsRead)]
    [Operation("Get an export", Tag = "Exports", Returns = typeof(ExportAnswer))]
    public async Task<IActionResult> GetExport(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/exports/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation) =>
        new OkObjectResult(ExportAnswer.From(await RequireExportAsync(request, id, cancellation)));

    [Function(nameof(DownloadExport)), RequiresPermission(Permission.ExportsRead)]
    [Operation("Get the download address of an export", Tag = "Exports", Returns = typeof(Download), Problems = ["INVALID_STATE"],
        Description = "A presigned address of the exported file that works for an hour.")]
    public async Task<IActionResult> DownloadExport(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/exports/{id:guid}/download")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var export = await RequireExportAsync(request, id, cancellation);
        if (export is not { State: ExportState.Completed, Key: { } key })
            throw new ProblemException(ErrorCodes.InvalidState, $"The export is {export.State.AsText()}; only a completed one has a file.");
        var url = stores.Internal.PresignGet(key, DownloadLifetime, Path.GetFileName(key));
        return new OkObjectResult(new Download(new Uri(url.Url), url.ExpiresAt));
    }

    private async Task<Export> RequireExportAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such export, or you may not see it.");
        await access.RequireAsync(request.CurrentUser(), export.ProjectId, Permission.ExportsRead, cancellation);
        return export;
    }

    private static void Check(TrainerCapabilities capabilities, string format, Dictionary<string, JsonElement> options)
    {
        var known = capabilities.FindExportFormat(format) ?? throw new ProblemException(
            ErrorCodes.UnknownExportFormat, $"{capabilities.Framework} cannot export '{format}'. It can: {string.Join(", ", capabilities.ExportFormats.Select(f => f.Format))}.", "formats");
        foreach (var (name, value) in options)
        {
            var message = known.Options?.GetValueOrDefault(name) is { } field ? field.Check(value) : "There is no such option.";
            if (message is not null)
                throw new ProblemException(ErrorCodes.InvalidConfig, $"{format}.{name}: {message}", $"options.{format}.{name}");
        }
    }
}
