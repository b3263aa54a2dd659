using System.ComponentModel.DataAnnotations;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Datasets;

/// <summary>How images are divided for training, validation and test.</summary>
/// <param name="Ratios">Shares for training, validation and, optionally, test. They are between 0 and 1 and add up to 1.</param>
/// <param name="Stratified">Whether the shares are kept within each class; false when left out.</param>
public sealed record NewSplit([property: Required] double[]? Ratios, bool? Stratified);

/// <summary>A dataset to create.</summary>
/// <param name="ProjectId">Project that the dataset belongs to.</param>
/// <param name="Name">Name of the dataset, unique in its project.</param>
/// <param name="Description">Free text; may be left out.</param>
/// <param name="TaskType">What the images are labeled for. Images of a classification have a class; those of every other task have annotations.</param>
/// <param name="Split">How its versions are divided. Left out: 80 % training, 10 % validation, 10 % test, decided by the content of each image, so that copies of a file are in one split.</param>
/// <param name="Classes">Classes of annotations in the order of a model's outputs. Others can be added later. Must be left out for a classification, whose classes are those of its images.</param>
/// <param name="Keypoints">The keypoints of each object. Required for <c>keypoint_detection</c>, left out otherwise; they cannot be changed later.</param>
public sealed record NewDataset(
    [property: Required] Guid? ProjectId,
    [property: Required, Name(200)] string? Name,
    [property: Prose(2000)] string? Description,
    [property: Required] TaskType? TaskType,
    NewSplit? Split,
    IReadOnlyList<string>? Classes,
    NewKeypoints? Keypoints);

/// <summary>The keypoints that each object of a dataset has.</summary>
/// <param name="Names">Names in the order in which annotations list them, at most 200.</param>
/// <param name="Skeleton">Pairs of positions in the names, from 0, that are drawn as lines; none when left out.</param>
/// <param name="Flip">For each keypoint, the position of the one that it becomes when the image is mirrored left to right. When left out, <c>left</c> and <c>right</c> in the names change places.</param>
public sealed record NewKeypoints([property: Required] IReadOnlyList<string>? Names, IReadOnlyList<int[]>? Skeleton, IReadOnlyList<int>? Flip);

/// <summary>Classes to add to a dataset.</summary>
/// <param name="Names">Names of the classes. They come after those that the dataset has; a class that it has already is not added again.</param>
public sealed record NewClasses([property: Required, MinLength(1)] IReadOnlyList<string>? Names);

/// <summary>A file to upload.</summary>
/// <param name="Path">Path of the image within the dataset, relative and with forward slashes, for example <c>scratch/img_0001.png</c>.</param>
/// <param name="Size">Size of the file in bytes.</param>
/// <param name="ContentType">Image type, for example <c>image/png</c>; taken from the extension of the path when left out. The upload must send the same <c>Content-Type</c>.</param>
/// <param name="Class">Class of the image. When left out, the first folder of the path, or the second when the first is <c>train</c>, <c>val</c>, <c>test</c> or a similar name of a split. Not for datasets with annotations, whose images have no class.</param>
/// <param name="Split">Split that the image is given to, for versions that are published with <c>splits</c> = <c>as_given</c>; none when left out, except with the layout <c>splits_and_classes</c>.</param>
public sealed record NewUpload([property: Required] string? Path, [property: Required] long? Size, string? ContentType, string? Class, Split? Split);

/// <summary>What happens to paths that the dataset already has.</summary>
public enum OnDuplicate
{
    /// <summary>The whole request is refused with <c>DUPLICATE_IMAGE</c>.</summary>
    Error,

    /// <summary>They are left as they are and listed in <c>skipped</c>.</summary>
    Skip,
}

/// <summary>Files to upload.</summary>
/// <param name="Files">The files, at most 1,000 in one request.</param>
/// <param name="OnDuplicate">What happens to paths that the dataset already has; <c>error</c> when left out.</param>
/// <param name="Layout">What the folders of the paths mean, for files without <c>class</c> and <c>split</c>; <c>folders_are_classes</c> when left out. Of datasets with annotations folders say no class: <c>flat</c> when left out, and <c>splits_and_classes</c> gives the split.</param>
public sealed record NewUploads([property: Required, MinLength(1), MaxLength(1000)] IReadOnlyList<NewUpload>? Files, OnDuplicate? OnDuplicate, ImageLayout? Layout);

/// <summary>Uploads that are finished.</summary>
/// <param name="UploadIds">Ids from the answer to the announcement, at most 1,000 in one request.</param>
public sealed record FinishedUploads([property: Required, MinLength(1), MaxLength(1000)] IReadOnlyList<Guid>? UploadIds);

/// <summary>A version to publish.</summary>
/// <param name="Note">Free text about the version; may be left out.</param>
/// <param name="Splits">Who decides the splits; <c>ratios</c> when left out.</param>
/// <param name="AnnotatedOnly">Whether images that were never annotated are left out; false when left out. Otherwise they are an error, because nobody has said that they have no objects. It means nothing for a classification.</param>
/// <param name="UnlabeledOnly">Whether the version has only the images that nobody has labeled, without a class or annotations; false when left out. Such a version can be predicted and not trained on; splits mean nothing in it.</param>
public sealed record NewVersion([property: Prose(2000)] string? Note, SplitSource? Splits, bool? AnnotatedOnly, bool? UnlabeledOnly) : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        AnnotatedOnly == true && UnlabeledOnly == true ? [new ValidationResult("Images are annotated or unlabeled. Send one of annotatedOnly and unlabeledOnly.", ["unlabeledOnly"])] : [];
}

/// <summary>A class and how many images it has.</summary>
/// <param name="Name">Name of the class.</param>
/// <param name="ImageCount">Number of images; with annotations, of those that have an object of the class.</param>
/// <param name="ObjectCount">Number of objects; null for a classification.</param>
/// <param name="Objects">Number of objects in each split of a version; null for a classification, and of a dataset that has no splits yet.</param>
public sealed record ClassCount(string Name, int ImageCount, int? ObjectCount, SplitCounts? Objects);

/// <summary>A dataset.</summary>
/// <param name="Name">Name of the dataset, unique in its project.</param>
/// <param name="Split">How its versions are divided when a training job does not say otherwise.</param>
/// <param name="ImageCount">Number of images.</param>
/// <param name="SizeBytes">Size of all images in bytes.</param>
/// <param name="Classes">Classes; of a classification in alphabetical order, where images without a class are not counted, otherwise in the order of a model's outputs.</param>
/// <param name="Keypoints">The keypoints of each object; null unless the task is keypoint detection.</param>
/// <param name="AnnotatedCount">Images whose annotations were given, also those without objects; null for a classification.</param>
public sealed record DatasetAnswer(
    Guid Id, Guid ProjectId, string Name, string? Description, TaskType TaskType, SplitSettings Split, int ImageCount, long SizeBytes,
    IReadOnlyList<ClassCount> Classes, KeypointList? Keypoints, int? AnnotatedCount, DateTimeOffset CreatedAt);

/// <summary>Where and how to upload one file.</summary>
/// <param name="UploadId">Id to name when the upload is finished.</param>
/// <param name="Path">Path of the image within the dataset.</param>
/// <param name="Method">HTTP method of the upload: <c>PUT</c>.</param>
/// <param name="Url">Presigned address in object storage. It accepts one file of exactly the announced size, once.</param>
/// <param name="Headers">Headers that the upload must send exactly as given; they are part of the signature, and so is <c>Content-Length</c>, which every HTTP client sets itself.</param>
/// <param name="ExpiresAt">When the address stops working.</param>
public sealed record UploadAnswer(
    Guid UploadId, string Path, string Method, string Url, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt)
{
    public static UploadAnswer From(UploadTicket ticket) =>
        new(ticket.UploadId, ticket.Path, ticket.Request.Method, ticket.Request.Url, ticket.Request.Headers, ticket.Request.ExpiresAt);
}

/// <summary>Where to upload the announced files.</summary>
/// <param name="Uploads">One entry for each file to upload.</param>
/// <param name="Skipped">Paths that the dataset already has, or that the caller announced under another spelling. Empty unless <c>onDuplicate</c> is <c>skip</c>.</param>
public sealed record UploadsAnswer(IReadOnlyList<UploadAnswer> Uploads, IReadOnlyList<string> Skipped);

/// <summary>An image of a dataset.</summary>
/// <param name="Path">Path of the image within the dataset.</param>
/// <param name="Class">Class of the image; null when it has none.</param>
/// <param name="Split">Split that the image was given to when it was uploaded; null when it was given to none.</param>
/// <param name="Width">Width in pixels of the upright image, after its EXIF orientation, as the thumbnail and the trainers see it.</param>
/// <param name="Height">Height in pixels of the upright image.</param>
/// <param name="ContentType">Image type, for example <c>image/png</c>.</param>
/// <param name="Url">Presigned address of the file; it works for an hour by default.</param>
/// <param name="ThumbnailUrl">Address of a preview of at most 256 × 256 pixels, which needs no sign-in and works for an hour by default. It may redirect. Null when there is none.</param>
public sealed record ImageAnswer(
    Guid Id, string Path, string? Class, Split? Split, int Width, int Height, long Size, string Sha256, string ContentType, string Url, string? ThumbnailUrl, DateTimeOffset CreatedAt);

/// <summary>An upload that became an image.</summary>
/// <param name="UploadId">Id of the upload.</param>
/// <param name="Image">The new image.</param>
public sealed record CompletedUploadAnswer(Guid UploadId, ImageAnswer Image);

/// <summary>An upload that was refused.</summary>
/// <param name="UploadId">Id of the upload.</param>
/// <param name="Path">Path of the file; null when the id is unknown.</param>
/// <param name="Code">Error code.</param>
/// <param name="Detail">What is wrong with the file.</param>
/// <param name="SuggestedAction">What to do next.</param>
public sealed record FailedUploadAnswer(Guid UploadId, string? Path, string Code, string Detail, string SuggestedAction);

/// <summary>What became of the uploads.</summary>
/// <param name="Completed">Uploads that became images.</param>
/// <param name="Failed">Uploads that were refused. Their files were removed.</param>
public sealed record CompletionAnswer(IReadOnlyList<CompletedUploadAnswer> Completed, IReadOnlyList<FailedUploadAnswer> Failed);

/// <summary>An immutable version of a dataset.</summary>
/// <param name="Number">Number of the version within the dataset, from 1; never used again.</param>
/// <param name="Hash">SHA-256 of the version's manifest, 64 hexadecimal digits. The same content always has the same hash.</param>
/// <param name="State">Whether the version can be used.</param>
/// <param name="Unlabeled">Whether it has the images that nobody had labeled, to predict them; it cannot be trained on.</param>
/// <param name="ImageCount">Number of images.</param>
/// <param name="SizeBytes">Size of all images in bytes.</param>
/// <param name="Classes">Classes in the order of a model's outputs; of a classification that is the alphabetical one.</param>
/// <param name="Keypoints">The keypoints of each object; null unless the task is keypoint detection.</param>
/// <param name="Splits">Number of images in each split.</param>
/// <param name="Warnings">What to know before training on the version: classes without images in a split, copies of files.</param>
/// <param name="Note">Free text that was given with the version; null when there was none.</param>
/// <param name="Error">Why publishing failed; null otherwise.</param>
/// <param name="ReadyAt">When the version became ready; null before.</param>
/// <param name="ManifestUrl">Presigned address of the manifest, a gzip file with one JSON line per image; it works for an hour by default. Null until the version is ready.</param>
public sealed record VersionAnswer(
    Guid Id, Guid DatasetId, int Number, string Hash, DatasetVersionState State, bool Unlabeled, int ImageCount, long SizeBytes, IReadOnlyList<ClassCount> Classes,
    KeypointList? Keypoints, SplitCounts Splits, IReadOnlyList<SplitWarning> Warnings, string? Note, string? Error, DateTimeOffset CreatedAt, DateTimeOffset? ReadyAt, string? ManifestUrl)
{
    public static VersionAnswer From(DatasetVersion version, ObjectStore store, TimeSpan lifetime) => new(
        version.Id, version.DatasetId, version.Number, version.Hash, version.State, version.Unlabeled, version.ImageCount, version.SizeBytes,
        [.. version.ClassNames.Select(name => CountOf(version, name))], version.Keypoints, version.SplitCounts, version.Warnings, version.Note, version.Error, version.CreatedAt, version.ReadyAt,
        version is { State: DatasetVersionState.Ready, ManifestKey: { } key } ? store.PresignGet(key, lifetime).Url : null);

    private static ClassCount CountOf(DatasetVersion version, string name)
    {
        var objects = version.ObjectCounts.GetValueOrDefault(name);
        return new ClassCount(name, version.ClassCounts.GetValueOrDefault(name), objects is null ? null : objects.Train + objects.Val + objects.Test, objects);
    }
}

/// <summary>An image of a version.</summary>
/// <param name="Path">Path of the image within the dataset.</param>
/// <param name="Class">Class of the image; null when it has none.</param>
/// <param name="Split">Split that the image belongs to.</param>
/// <param name="Width">Width in pixels of the upright image, after its EXIF orientation.</param>
/// <param name="Height">Height in pixels of the upright image.</param>
/// <param name="Url">Presigned address of the file; it works for an hour by default.</param>
public sealed record VersionImageAnswer(string Path, string? Class, Split Split, int Width, int Height, long Size, string Sha256, string Url);

/// <summary>A person with whom a dataset is shared.</summary>
/// <param name="UserId">Id of the account.</param>
/// <param name="Role">What the person may do with the dataset.</param>
/// <param name="JoinedAt">When the dataset was shared with the person.</param>
public sealed record DatasetMemberAnswer(Guid UserId, string Email, string? FullName, DatasetRole Role, DateTimeOffset JoinedAt);

/// <summary>Role of a person in a shared dataset.</summary>
/// <param name="Role">New role: <c>viewer</c>, <c>annotator</c>, <c>reviewer</c> or <c>admin</c>.</param>
public sealed record DatasetMemberRole(DatasetRole Role);

/// <summary>A dataset that was shared with the caller.</summary>
/// <param name="Name">Name of the dataset.</param>
/// <param name="Role">What the caller may do with the dataset.</param>
public sealed record SharedDatasetAnswer(Guid Id, string Name, string? Description, TaskType TaskType, DatasetRole Role);
