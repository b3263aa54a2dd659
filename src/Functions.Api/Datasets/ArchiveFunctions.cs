using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Datasets;

/// <summary>Uploads of archives: announce, put to the URL, complete, watch, cancel.</summary>
public sealed class ArchiveFunctions(PlatformDatabase database, ProjectAccess access, ArchiveIntake archives, ArchiveLimits limits)
{
    private const string Route = "api/v1/datasets/{id:guid}/archives";
    private const string RouteOfOne = Route + "/{archiveId:guid}";
    private const string NewArchiveExample = """{"name":"plates.zip","size":104857600,"layout":"splits_and_classes"}""";

    [Function("AnnounceArchive"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Ask for the upload address of an archive", Tag = "Datasets", Body = typeof(NewArchive), Example = NewArchiveExample, Returns = typeof(AnnouncedArchiveAnswer), Status = 201,
        Problems = ["INVALID_PATH", "QUOTA_EXCEEDED"],
        Description = "Announces a ZIP or TAR of images. Upload it to the address of the answer, then call `complete`.")]
    public async Task<IResult> Announce(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var dataset = await access.RequireDatasetAsync(database, user, id, Permission.DatasetsWrite, cancellation);
        var draft = Check(await request.ReadJsonAsync<NewArchive>(cancellation), dataset.TaskType);
        var once = request.Once<ArchiveTicket>(ticket => Answer.Created($"/api/v1/datasets/{id}/archives/{ticket.Archive.Id}", AnnouncedArchiveAnswer.From(ticket)));
        return (await archives.AnnounceAsync(id, user.Id, draft, once, cancellation)).ToResult();
    }

    [Function("CompleteArchive"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Unpack an uploaded archive", Tag = "Datasets", Returns = typeof(ArchiveAnswer), Status = 202, NotIdempotent = "An archive is unpacked once, however often it is completed.",
        Problems = ["UPLOAD_NOT_FOUND", "SIZE_MISMATCH", "ARCHIVE_UNKNOWN_FORMAT", "STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "Starts to make images of the files in the archive, by the rules of single uploads. Read the archive to see how far it is.")]
    public async Task<IResult> Complete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/complete")] HttpRequest request, Guid id, Guid archiveId,
        [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsWrite, cancellation);
        var archive = await archives.CompleteAsync(id, archiveId, cancellation);
        // If the process ends before this, recovery finds the archive that is unpacking without an orchestration (DatasetWork).
        if (archive.State == ArchiveState.Unpacking)
            await durable.ScheduleOnceAsync(DatasetWork.Unpack, archiveId, cancellation);
        return Answer.Accepted($"/api/v1/datasets/{id}/archives/{archiveId}", ArchiveAnswer.From(archive));
    }

    [Function("CancelArchive"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Cancel an archive", Tag = "Datasets", Returns = typeof(ArchiveAnswer), NotIdempotent = "Cancelling again changes nothing.",
        Description = "Ends the upload or the unpacking. Images that were taken stay. An archive that has ended stays as it is.")]
    public async Task<IResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/cancel")] HttpRequest request, Guid id, Guid archiveId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsWrite, cancellation);
        return Answer.Ok(ArchiveAnswer.From(await archives.CancelAsync(id, archiveId, cancellation)));
    }

    [Function("ListArchives"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List archives of a dataset", Tag = "Datasets", Returns = typeof(Page<ArchiveAnswer>),
        Description = "Newest first. An archive is listed for 30 days after it ended.")]
    public async Task<IResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(await database.DatasetArchives.AsNoTracking().Where(archive => archive.DatasetId == id).NewestFirstAsync(request, ArchiveAnswer.From, cancellation));
    }

    [Function("GetArchive"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get an archive", Tag = "Datasets", Returns = typeof(ArchiveAnswer),
        Description = "How far it is, and how many of its files were taken, skipped and refused.")]
    public async Task<IResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, Guid archiveId, CancellationToken cancellation) =>
        Answer.Ok(ArchiveAnswer.From(await RequireArchiveAsync(request, id, archiveId, cancellation)));

    [Function("ListArchiveEntries"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List files of an archive that were not taken", Tag = "Datasets", FixedOrder = true, Returns = typeof(Page<ArchiveEntryAnswer>),
        Description = "What was skipped or refused, and why, in the order of the archive.")]
    [Query<EntryOutcome>("outcome", "Only files with this outcome.", Example = "refused")]
    public async Task<IResult> ListEntries(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/entries")] HttpRequest request, Guid id, Guid archiveId, CancellationToken cancellation)
    {
        await RequireArchiveAsync(request, id, archiveId, cancellation);
        var page = PageRequest.Read(request);
        var entries = database.DatasetArchiveEntries.AsNoTracking().Where(entry => entry.ArchiveId == archiveId && entry.Code != null);
        if (request.QueryOneOf<EntryOutcome>("outcome") is { } outcome)
            entries = entries.Where(entry => entry.Outcome == outcome);
        if (page.After<string>() is { } after)
        {
            var number = int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : throw new ProblemException(ErrorCodes.InvalidCursor);
            entries = entries.Where(entry => entry.Number > number);
        }
        var rows = await entries.OrderBy(entry => entry.Number).Take(page.Limit + 1).ToListAsync(cancellation);
        return Answer.Ok(Page.Of(rows, page, entry => entry.Number.ToString(CultureInfo.InvariantCulture),
            entry => new ArchiveEntryAnswer(entry.Number, entry.Name, entry.Outcome!.Value, entry.Code!, entry.Detail ?? "")));
    }

    private async Task<DatasetArchive> RequireArchiveAsync(HttpRequest request, Guid id, Guid archiveId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return await database.DatasetArchives.AsNoTracking().SingleOrDefaultAsync(archive => archive.Id == archiveId && archive.DatasetId == id, cancellation)
            ?? throw ProblemException.NoSuch("archive");
    }

    private ArchiveDraft Check(NewArchive wanted, TaskType task) => new(
        wanted.Name!.AsName(), FileAnnouncement.Size(wanted.Size!.Value, limits.MaxBytes, "An archive"), UploadLayouts.Of(task, wanted.Layout), FileAnnouncement.Folder(wanted.Folder));
}
