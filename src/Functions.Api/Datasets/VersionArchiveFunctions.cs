using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

/// <summary>Download of a version as one file.</summary>
public sealed class VersionArchiveFunctions(PlatformDatabase database, ProjectAccess access, VersionArchive archives)
{
    [Function("DownloadDatasetVersion"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Download a version", Tag = "Datasets", Returns = typeof(string), ReturnsType = MediaTypeNames.Application.Zip, Problems = ["DATASET_VERSION_NOT_READY", "STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "A ZIP with `train/cat/1.png` and so on, `manifest.jsonl`, whose SHA-256 is the version's hash, and `classes.txt`. A version always gives the same bytes. The answer begins at once. An interrupted download goes on with `Range: bytes=N-`, answered with 206; other ranges are answered with everything.")]
    public async Task<IResult> Download(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/versions/{versionId:guid}/archive")] HttpRequest request,
        Guid id, Guid versionId, CancellationToken cancellation)
    {
        var dataset = await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        var version = await database.DatasetVersions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == versionId && row.DatasetId == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "The dataset has no such version.");
        if (version.State != DatasetVersionState.Ready)
            throw new ProblemException(ErrorCodes.DatasetVersionNotReady);
        return new ZipAnswer(await archives.PrepareAsync(version, cancellation), $"\"{version.Hash}\"", $"{dataset.Name} v{version.Number}.zip");
    }

    /// <summary>Streams the archive. When it cannot be finished, the server closes the connection, so that nobody takes a part for the whole.</summary>
    private sealed class ZipAnswer(VersionArchive.Prepared archive, string tag, string name) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var (request, response) = (httpContext.Request, httpContext.Response);
            response.Headers.ETag = tag;
            response.Headers.CacheControl = "private, no-cache";
            response.Headers.AcceptRanges = "bytes";
            if (request.GetTypedHeaders().IfNoneMatch.Any(seen => seen.Compare(EntityTagHeaderValue.Parse(tag), useStrongComparison: false)))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
            var disposition = new ContentDispositionHeaderValue("attachment");
            disposition.SetHttpFileName(name);
            response.Headers.ContentDisposition = disposition.ToString();
            response.ContentType = MediaTypeNames.Application.Zip;
            var start = HttpMethods.IsHead(request.Method) ? 0 : Start(request.GetTypedHeaders());
            response.ContentLength = archive.Length - start;
            if (HttpMethods.IsHead(request.Method))
                return;
            if (start > 0)
            {
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(start, archive.Length - 1, archive.Length);
            }
            httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            // ZipArchive writes the data asynchronously, but some of the small records around it not.
            if (httpContext.Features.Get<IHttpBodyControlFeature>() is { } body)
                body.AllowSynchronousIO = true;
            // The checksums at the end of the ZIP need all images, so what the client has is read again, but not sent.
            await archive.WriteAsync(start > 0 ? new TailStream(response.Body, start) : response.Body, httpContext.RequestAborted);
        }

        /// <summary>Where an interrupted download goes on. A range that ends earlier would be as much work as the whole, so it is not served.</summary>
        private long Start(RequestHeaders headers) =>
            headers.Range is { Unit.Value: "bytes", Ranges.Count: 1 } range && range.Ranges.First() is { From: { } from, To: null } && from < archive.Length
            && (headers.IfRange is not { } condition || condition.EntityTag?.Compare(EntityTagHeaderValue.Parse(tag), useStrongComparison: true) == true)
                ? from
                : 0;
    }
}
