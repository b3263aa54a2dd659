using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Datasets;

/// <summary>Imports of annotation files: announce, put to the URL, complete, watch, cancel.</summary>
public sealed class AnnotationImportFunctions(PlatformDatabase database, ProjectAccess access, AnnotationIntake imports, AnnotationLimits limits)
{
    private const string Route = "api/v1/datasets/{id:guid}/annotation-imports";
    private const string RouteOfOne = Route + "/{importId:guid}";
    private const string NewImportExample = """{"name":"instances_train.json","size":1048576,"addClasses":true,"folder":"train"}""";

    [Function("AnnounceAnnotations"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Ask for the upload address of an annotation file", Tag = "Datasets", Body = typeof(NewAnnotationImport), Example = NewImportExample, Returns = typeof(AnnouncedAnnotationsAnswer), Status = 201,
        Problems = ["INVALID_PATH", "DATASET_HAS_NO_ANNOTATIONS", "QUOTA_EXCEEDED"],
        Description = "Announces a COCO or DICE file, or a ZIP in the form of YOLO, for images that the dataset has. Upload it to the address of the answer, then call `complete`.")]
    public async Task<IResult> Announce([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await access.RequireDatasetAsync(database, user, id, Permission.DatasetsWrite, cancellation);
        var draft = Check(await request.ReadJsonAsync<NewAnnotationImport>(cancellation));
        var once = request.Once<AnnotationImportTicket>(ticket => Answer.Created($"/api/v1/datasets/{id}/annotation-imports/{ticket.Import.Id}", AnnouncedAnnotationsAnswer.From(ticket)));
        return (await imports.AnnounceAsync(id, user.Id, draft, once, cancellation)).ToResult();
    }

    [Function("CompleteAnnotations"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Import an uploaded annotation file", Tag = "Datasets", Returns = typeof(AnnotationImportAnswer), Status = 202, NotIdempotent = "A file is imported once, however often it is completed.",
        Problems = ["UPLOAD_NOT_FOUND", "SIZE_MISMATCH", "DATASET_HAS_NO_ANNOTATIONS", "STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "Starts to write the annotations of the file to the images of the dataset. Read the import to see how far it is and what was refused.")]
    public async Task<IResult> Complete(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/complete")] HttpRequest request, Guid id, Guid importId,
        [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsWrite, cancellation);
        var import = await imports.CompleteAsync(id, importId, cancellation);
        // If the process ends before this, recovery finds the import that runs without an orchestration (DatasetWork).
        if (import.State == AnnotationImportState.Importing)
            await durable.ScheduleOnceAsync(DatasetWork.ImportAnnotations, importId, cancellation);
        return Answer.Accepted($"/api/v1/datasets/{id}/annotation-imports/{importId}", AnnotationImportAnswer.From(import));
    }

    [Function("CancelAnnotations"), RequiresPermission(Permission.DatasetsWrite)]
    [Operation("Cancel the import of annotations", Tag = "Datasets", Returns = typeof(AnnotationImportAnswer), NotIdempotent = "Cancelling again changes nothing.",
        Description = "Ends the upload or the import. Annotations that were written stay. An import that has ended stays as it is.")]
    public async Task<IResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/cancel")] HttpRequest request, Guid id, Guid importId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsWrite, cancellation);
        return Answer.Ok(AnnotationImportAnswer.From(await imports.CancelAsync(id, importId, cancellation)));
    }

    [Function("ListAnnotationImports"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List imports of annotations", Tag = "Datasets", Returns = typeof(Page<AnnotationImportAnswer>),
        Description = "Newest first. An import is listed for 30 days after it ended.")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(await database.AnnotationImports.AsNoTracking().Where(import => import.DatasetId == id).NewestFirstAsync(request, AnnotationImportAnswer.From, cancellation));
    }

    [Function("GetAnnotationImport"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get an import of annotations", Tag = "Datasets", Returns = typeof(AnnotationImportAnswer),
        Description = "How far it is, how many entries were taken and refused, and what is wrong with the first 100 of these.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, Guid importId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(AnnotationImportAnswer.From(
            await database.AnnotationImports.AsNoTracking().SingleOrDefaultAsync(import => import.Id == importId && import.DatasetId == id, cancellation) ?? throw ProblemException.NoSuch("import")));
    }

    private AnnotationImportDraft Check(NewAnnotationImport wanted) => new(
        wanted.Name!.AsName(), FileAnnouncement.Size(wanted.Size!.Value, limits.MaxBytes, "An annotation file"), wanted.Mode ?? AnnotationMode.Replace, wanted.AddClasses ?? false,
        FileAnnouncement.Folder(wanted.Folder), wanted.Splits ?? false);
}
