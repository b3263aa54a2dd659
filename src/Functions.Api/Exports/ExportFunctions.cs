using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Exports;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Models;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Exports;

namespace VisionPlatform.Api.Exports;

/// <summary>Exports of model versions.</summary>
public sealed class ExportFunctions(PlatformDatabase database, ExportLifecycle exports, ObjectStores stores, TrainerCatalog catalog, ProjectAccess access)
{
    private const string Route = "api/v1/exports";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string Example = $$$"""{"modelVersionId":"{{{Examples.ModelVersion}}}","formats":["onnx"],"options":{"onnx":{"opset":13} } }""";
    private static readonly TimeSpan DownloadLifetime = TimeSpan.FromHours(1);

    [Function("CreateExports"), RequiresPermission(Permission.ExportsRun)]
    [Operation("Export a model version", Body = typeof(NewExports), Example = Example, Returns = typeof(StartedExports), Status = 202,
        Problems = ["NOT_FOUND", "UNKNOWN_EXPORT_FORMAT", "TASK_NOT_SUPPORTED", "INVALID_CONFIG", "TRAINER_UNAVAILABLE", "QUOTA_EXCEEDED"],
        Description = "Starts one export for each format. They run in parallel, in turns with the jobs and exports of other people; read them until they have ended.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var body = await request.ReadJsonAsync<NewExports>(cancellation);
        var found = await FindVersionAsync(body.ModelVersionId!.Value, cancellation);
        await access.RequireForAsync(user, found?.ProjectId, Permission.ExportsRun, "model version", cancellation, "modelVersionId");
        var version = found!;
        var once = request.Once<IReadOnlyList<Export>>(made => Answer.Accepted(
            $"/{Route}?modelVersionId={version.Id}", new StartedExports([.. made.Select(ExportAnswer.Of)], ExportModels.InstanceId(made[0].Id))));
        var created = await exports.CreateAsync(user.Id, version, body.Formats!, body.Options ?? [], once, cancellation);
        if (created.Made is { } made)
            await durable.ScheduleOnceAsync(nameof(ExportModels), made.Select(export => export.Id).ToList(), ExportModels.InstanceId(made[0].Id), cancellation);
        return created.ToResult();
    }

    [Function("ListExports"), RequiresPermission(Permission.ExportsRead)]
    [Operation("List exports of a model version", Returns = typeof(Page<ExportAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("modelVersionId", "Model version whose exports are listed.", Required = true, Example = Examples.ModelVersion)]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var version = await FindVersionAsync(request.RequiredQueryId("modelVersionId"), cancellation);
        await access.RequireForAsync(request.CurrentUser(), version?.ProjectId, Permission.ExportsRead, "model version", cancellation);
        return Answer.Ok(await database.Exports.AsNoTracking().Where(export => export.ModelVersionId == version!.Id).NewestFirstAsync(request, ExportAnswer.Of, cancellation));
    }

    [Function("ListExportFormats"), RequiresPermission(Permission.AccountSelf)]
    [Operation("List what can be exported", Whole = true, Returns = typeof(Page<ExportPossibilityAnswer>),
        Description = "For each trainer, format, task and precision whether an export is possible on the machine of the trainer, and why not. A trainer that is away is shown as it was when it last answered.")]
    public async Task<IResult> ListFormats(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route + "/formats")] HttpRequest request, CancellationToken cancellation)
    {
        var trainers = await catalog.ListAsync(cancellation);
        return Answer.Ok(new Page<ExportPossibilityAnswer>(
            [.. trainers.SelectMany(trainer => trainer.Capabilities?.ExportPossibilities() ?? [], (trainer, row) => ExportPossibilityAnswer.Of(trainer.Framework, row))], null));
    }

    [Function("GetExport"), RequiresPermission(Permission.ExportsRead)]
    [Operation("Get an export", Returns = typeof(ExportAnswer))]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation) =>
        Answer.Ok(ExportAnswer.Of(await RequireAsync(request, id, cancellation)));

    [Function("DownloadExport"), RequiresPermission(Permission.ExportsRead)]
    [Operation("Get the download address of an export", Returns = typeof(Download), Problems = ["INVALID_STATE"],
        Description = "A presigned address of the exported file that works for an hour.")]
    public async Task<IResult> GetDownload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/download")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var export = await RequireAsync(request, id, cancellation);
        if (export is not { State: ExportState.Completed, Key: { } key })
            throw new ProblemException(ErrorCodes.InvalidState, $"The export is {export.State.AsText()}; only a completed one has a file.");
        var url = stores.Internal.PresignGet(key, DownloadLifetime, Path.GetFileName(key));
        return Answer.Ok(new Download(new Uri(url.Url), url.ExpiresAt));
    }

    [Function("DownloadExportPackage"), RequiresPermission(Permission.ExportsRead)]
    [Operation("Get the download address of a package", Returns = typeof(Download), Problems = ["INVALID_STATE"],
        Description = "A presigned address that works for an hour. The package is a zip with the exported file, its metadata, its certificate, golden images with their outputs, the licence of the framework, and a Python program that runs the file and checks it against the golden images.")]
    public async Task<IResult> GetPackage(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/package")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var export = await RequireAsync(request, id, cancellation);
        if (export is not { State: ExportState.Completed, PackageKey: { } key })
            throw new ProblemException(
                ErrorCodes.InvalidState, export.State == ExportState.Completed ? "The trainer made no package of this export." : $"The export is {export.State.AsText()}; only a completed one has a package.");
        var url = stores.Internal.PresignGet(key, DownloadLifetime, $"{export.Format}-{export.Id}.zip");
        return Answer.Ok(new Download(new Uri(url.Url), url.ExpiresAt));
    }

    private Task<ModelVersion?> FindVersionAsync(Guid id, CancellationToken cancellation) =>
        database.ModelVersions.AsNoTracking().SingleOrDefaultAsync(version => version.Id == id, cancellation);

    private async Task<Export> RequireAsync(HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, cancellation);
        await access.RequireForAsync(request.CurrentUser(), export?.ProjectId, Permission.ExportsRead, "export", cancellation);
        return export!;
    }
}
