using System.ComponentModel.DataAnnotations;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Datasets;

/// <summary>An archive of images to upload as a whole.</summary>
/// <param name="Name">Name of the file, for people. Its type is found from the content: ZIP, TAR, TAR in gzip or TAR in Zstandard.</param>
/// <param name="Size">Size of the file in bytes.</param>
/// <param name="Layout">What its folders mean; <c>folders_are_classes</c> when left out, or <c>flat</c> for a dataset with annotations, where a folder is no class.</param>
/// <param name="Folder">Folder of the archive whose contents are taken, for example <c>dataset/images</c>; the whole archive when left out. Paths, classes and splits begin below it.</param>
public sealed record NewArchive([property: Required, Name(200)] string? Name, [property: Required] long? Size, ImageLayout? Layout, string? Folder);

/// <summary>The upload of an archive, and what became of its entries.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Layout">What its folders mean.</param>
/// <param name="Folder">Folder of the archive whose contents are taken; empty for the whole archive.</param>
/// <param name="State">How far it is.</param>
/// <param name="Format">Type of the archive; null until it is completed.</param>
/// <param name="Entries">Files in the archive; null until they are known. A TAR has no list of them, so they are known at its end.</param>
/// <param name="Done">Files that were taken, skipped or refused.</param>
/// <param name="Taken">Files that became images.</param>
/// <param name="Skipped">Files that were left out: the dataset has the path already, or it is no image and not called like one.</param>
/// <param name="Refused">Files with which something is wrong. The list of entries says what.</param>
/// <param name="TakenBytes">Size of the images taken, in bytes.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
/// <param name="ExpiresAt">Until when it can be completed.</param>
/// <param name="EndedAt">When it ended; null before.</param>
public sealed record ArchiveAnswer(
    Guid Id, Guid DatasetId, string Name, long Size, ImageLayout Layout, string Folder, ArchiveState State, ArchiveFormat? Format, int? Entries, int Done, int Taken, int Skipped,
    int Refused, long TakenBytes, Failure? Error, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt)
{
    public static ArchiveAnswer From(DatasetArchive archive) => new(
        archive.Id, archive.DatasetId, archive.Name, archive.Size, archive.Layout, archive.Folder, archive.State, archive.Format, archive.Entries,
        archive.Taken + archive.Skipped + archive.Refused, archive.Taken, archive.Skipped, archive.Refused, archive.TakenBytes, archive.Error, archive.CreatedAt,
        archive.ExpiresAt, archive.EndedAt);
}

/// <summary>Where and how to upload the announced archive.</summary>
/// <param name="Archive">The archive.</param>
/// <param name="Method">HTTP method of the upload: <c>PUT</c>.</param>
/// <param name="Url">Presigned address in object storage. It accepts one file of exactly the announced size, once.</param>
/// <param name="Headers">Headers that the upload must send exactly as given; they are part of the signature, and so is <c>Content-Length</c>, which every HTTP client sets itself.</param>
/// <param name="ExpiresAt">When the address stops working.</param>
public sealed record AnnouncedArchiveAnswer(ArchiveAnswer Archive, string Method, string Url, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt)
{
    public static AnnouncedArchiveAnswer From(ArchiveTicket ticket) =>
        new(ArchiveAnswer.From(ticket.Archive), ticket.Request.Method, ticket.Request.Url, ticket.Request.Headers, ticket.Request.ExpiresAt);
}

/// <summary>A file of an archive that did not become an image.</summary>
/// <param name="Number">Its number in the archive, from 0.</param>
/// <param name="Name">Its name in the archive.</param>
/// <param name="Outcome">Whether it was skipped or refused.</param>
/// <param name="Code">Error code.</param>
/// <param name="Detail">What is wrong with it.</param>
public sealed record ArchiveEntryAnswer(int Number, string Name, EntryOutcome Outcome, string Code, string Detail);
