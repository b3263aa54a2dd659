namespace VisionPlatform.Domain.Import;

/// <summary>
/// What a row of another system became here. It is written in the same transaction as the new row, so an import that is repeated makes nothing twice.
/// </summary>
public sealed class ImportedRow
{
    public const int MaximumSystem = 64;
    public const int MaximumKind = 32;

    /// <summary>Bytes of a key in UTF-8. A longer one is hashed, see <see cref="KeyOf"/>, as an index entry has at most 2,704 bytes.</summary>
    public const int MaximumOldId = 1024;

    /// <summary>Name of the other system, from the mapping.</summary>
    public required string System { get; init; }

    /// <summary>What the row is, in the words of the mapping: <c>users</c>, <c>images</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its key there, as text.</summary>
    public required string OldId { get; init; }

    /// <summary>Id of the row here that it became.</summary>
    public required Guid NewId { get; init; }
    public DateTimeOffset ImportedAt { get; init; }

    /// <summary>An old key as it is stored: itself, or its SHA-256 if it is too long for an index.</summary>
    public static string KeyOf(string oldId) => global::System.Text.Encoding.UTF8.GetByteCount(oldId) <= MaximumOldId
        ? oldId
        : "sha256:" + Convert.ToHexStringLower(global::System.Security.Cryptography.SHA256.HashData(global::System.Text.Encoding.UTF8.GetBytes(oldId)));
}

/// <summary>What an import has to tell about a row of another system. An import that is repeated replaces what it told before.</summary>
public sealed class ImportIssue
{
    public const int MaximumReason = 1000;

    public required string System { get; init; }
    public required string Kind { get; init; }
    public required string OldId { get; init; }

    /// <summary>One sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether the row is not here. Otherwise it is, but not as it was.</summary>
    public required bool IsLeft { get; init; }
    public DateTimeOffset NotedAt { get; init; }
}

/// <summary>
/// An annotation of another system that has no place of its own yet: everything but the class of an image. It is kept as neutral JSON, with the
/// dataset and the path of its image.
/// </summary>
public sealed class ImportedAnnotation
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required string System { get; init; }
    public required string OldId { get; init; }
    public required Guid DatasetId { get; init; }

    /// <summary>Path of the image in its dataset; empty for the list of a dataset's classes.</summary>
    public required string Path { get; init; }

    /// <summary>The kind of shape: <c>bbox</c>, <c>polygon</c>, <c>class_list</c>.</summary>
    public required string Type { get; init; }

    /// <summary>JSON: task, class, geometry, attributes, confidence, state and author, as the other system had them.</summary>
    public required string Data { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
