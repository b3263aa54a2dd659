using System.ComponentModel.DataAnnotations;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Datasets;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Datasets;

/// <param name="Ratios">Shares of train, val and, if wanted, test; they add up to 1.</param>
/// <param name="Stratified">Keep the shares within each class.</param>
public sealed record NewSplit([property: Required] double[]? Ratios, bool? Stratified);

/// <param name="Split">How versions are split; 80/10/10 by the path's hash when absent.</param>
public sealed record NewDataset(
    [property: Required] Guid? ProjectId,
    [property: Required, Name(200)] string? Name,
    [property: Prose(2000)] string? Description,
    [property: Required] TaskType? TaskType,
    NewSplit? Split);

/// <param name="Path">Relative path with forward slashes.</param>
/// <param name="Size">Bytes of the file.</param>
/// <param name="ContentType">An image type; by the path's extension when absent. The PUT must carry the same.</param>
/// <param name="Class">The first folder of the path when absent.</param>
public sealed record NewUpload([property: Required] string? Path, [property: Required] long? Size, string? ContentType, string? Class);

/// <summary>What to do with paths the dataset has already.</summary>
public enum OnDuplicate
{
    Error,
    Skip,
}

public sealed record NewUploads([property: Required, MinLength(1), MaxLength(1000)] IReadOnlyList<NewUpload>? Files, OnDuplicate? OnDuplicate);

/// <param name="UploadIds">As given out when the files were announced.</param>
public sealed record FinishedUploads([property: Required, MinLength(1), MaxLength(200)] IReadOnlyList<Guid>? UploadIds);

public sealed record NewVersion([property: Prose(2000)] string? Note);

public sealed record ClassCount(string Name, int ImageCount);

public sealed record DatasetAnswer(
    Guid Id, Guid ProjectId, string Name, string? Description, TaskType TaskType, SplitSettings Split, int ImageCount, long SizeBytes,
    IReadOnlyList<ClassCount> Classes, DateTimeOffset CreatedAt);

public sealed record UploadAnswer(
    Guid UploadId, string Path, string Method, string Url, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt)
{
    public static UploadAnswer From(UploadTicket ticket) =>
        new(ticket.UploadId, ticket.Path, ticket.Request.Method, ticket.Request.Url, ticket.Request.Headers, ticket.Request.ExpiresAt);
}

/// <param name="Skipped">Paths the dataset has already.</param>
public sealed record UploadsAnswer(IReadOnlyList<UploadAnswer> Uploads, IReadOnlyList<string> Skipped);

/// <param name="Url">Presigned; works for an hour.</param>
public sealed record ImageAnswer(
    Guid Id, string Path, string? Class, int Width, int Height, long Size, string Sha256, string ContentType, string Url, string? ThumbnailUrl, DateTimeOffset CreatedAt)
{
    public static ImageAnswer From(DatasetImage image, ObjectStore store, TimeSpan lifetime) => new(
        image.Id, image.Path, image.Class, image.Width, image.Height, image.Size, image.Sha256, image.ContentType, store.PresignGet(image.Key, lifetime).Url,
        image.ThumbnailKey is { } key ? store.PresignGet(key, lifetime).Url : null, image.CreatedAt);
}

public sealed record CompletedUploadAnswer(Guid UploadId, ImageAnswer Image);

public sealed record FailedUploadAnswer(Guid UploadId, string? Path, string Code, string Detail, string SuggestedAction);

public sealed record CompletionAnswer(IReadOnlyList<CompletedUploadAnswer> Completed, IReadOnlyList<FailedUploadAnswer> Failed);

/// <param name="Hash">SHA-256 of the canonical manifest.</param>
/// <param name="ManifestUrl">Presigned GET of the gzip manifest, once ready.</param>
public sealed record VersionAnswer(
    Guid Id, Guid DatasetId, int Number, string Hash, DatasetVersionState State, int ImageCount, long SizeBytes, IReadOnlyList<ClassCount> Classes,
    SplitCounts Splits, string? Note, string? Error, DateTimeOffset CreatedAt, DateTimeOffset? ReadyAt, string? ManifestUrl)
{
    public static VersionAnswer From(DatasetVersion version, ObjectStore store, TimeSpan lifetime) => new(
        version.Id, version.DatasetId, version.Number, version.Hash, version.State, version.ImageCount, version.SizeBytes,
        [.. version.ClassCounts.Select(pair => new ClassCount(pair.Key, pair.Value))], version.SplitCounts, version.Note, version.Error, version.CreatedAt, version.ReadyAt,
        version is { State: DatasetVersionState.Ready, ManifestKey: { } key } ? store.PresignGet(key, lifetime).Url : null);
}

public sealed record VersionImageAnswer(string Path, string? Class, Split Split, int Width, int Height, long Size, string Sha256, string Url);
