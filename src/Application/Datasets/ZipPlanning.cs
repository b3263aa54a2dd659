using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Archives;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>What is to be unpacked.</summary>
/// <param name="Batches">Number of batches.</param>
/// <param name="Bytes">Unpacked bytes of all entries that may become images.</param>
public sealed record PlannedZip(int Batches, long Bytes);

/// <summary>Reads the list of entries of a ZIP into the database.</summary>
public sealed class ZipPlanning(PlatformDatabase database, ArchiveLimits limits, DatasetLimits images)
{
    /// <summary>Entries of a batch. A batch is in memory as a whole while it is worked on.</summary>
    public const int MostInBatch = 100;

    /// <summary>Unpacked bytes of a batch, unless one entry is larger.</summary>
    private const long BatchBytes = 16 * 1024 * 1024;

    /// <summary>Below this an entry may compress as well as it likes: images of one colour do.</summary>
    private const long RatioFrom = 1024 * 1024;

    /// <summary>Plans an archive once; after that, the plan is what the rows say.</summary>
    /// <exception cref="ArchiveDamagedException">The list cannot be read.</exception>
    /// <exception cref="ArchiveTooManyEntriesException">It has too many entries.</exception>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ArchiveTooLarge"/>.</exception>
    public async Task<PlannedZip> PlanAsync(DatasetArchive archive, ReadRange read, CancellationToken cancellation)
    {
        if (archive.Entries is null)
        {
            var directory = await ZipDirectory.ReadAsync(read, archive.Size, limits.MaxEntries, cancellation);
            await StoreAsync(archive, Decide(archive, directory), cancellation);
        }
        var batches = await database.DatasetArchiveEntries.Where(entry => entry.ArchiveId == archive.Id).MaxAsync(entry => entry.Batch, cancellation) + 1 ?? 0;
        var open = await database.DatasetArchiveEntries.Where(entry => entry.ArchiveId == archive.Id && entry.Outcome == null).SumAsync(entry => entry.Size, cancellation);
        return new PlannedZip(batches, open);
    }

    private List<DatasetArchiveEntry> Decide(DatasetArchive archive, IReadOnlyList<ZipEntry> directory)
    {
        var files = directory.Where(entry => !entry.IsFolder).ToList();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var rows = files.Select((entry, number) => Decide(archive, entry, number, names)).ToList();
        var total = rows.Where(row => row.Outcome is null).Sum(row => row.Size);
        if (total > limits.MaxUnpackedBytes)
            throw new ProblemException(ErrorCodes.ArchiveTooLarge, $"The archive unpacks to {total} bytes; {limits.MaxUnpackedBytes} are allowed.");
        var (batch, count, bytes) = (0, 0, 0L);
        foreach (var row in rows.Where(row => row.Outcome is null).OrderBy(row => row.Offset).ToList())
        {
            if (count == MostInBatch || (count > 0 && bytes + row.Size > BatchBytes))
                (batch, count, bytes) = (batch + 1, 0, 0);
            (count, bytes) = (count + 1, bytes + row.Size);
            rows[row.Number] = With(row, batch);
        }
        return rows;
    }

    private DatasetArchiveEntry Decide(DatasetArchive archive, ZipEntry entry, int number, Dictionary<string, string> names)
    {
        var named = entry switch
        {
            { IsFile: false } => Refused(ErrorCodes.ArchiveEntryUnsupported, "A link or device is not unpacked."),
            { IsEncrypted: true } => Refused(ErrorCodes.ArchiveEntryUnsupported, "The entry is encrypted."),
            _ => ArchiveEntryName.Read(entry.Name, archive.Layout, archive.Folder),
        };
        if (named.Outcome is null && ProblemOf(entry, named.Path!) is { } problem)
            named = named with { Outcome = problem.Outcome, Error = problem.Error, Detail = problem.Detail };
        var folded = named.Path is { } path ? CaseFold.Of(path) : null;
        if (named.Outcome is null && !names.TryAdd(folded!, entry.Name))
            named = named with { Outcome = EntryOutcome.Refused, Error = ErrorCodes.DuplicateImage, Detail = $"The archive has '{names[folded!]}' already (upper and lower case are the same)." };
        return new DatasetArchiveEntry
        {
            ArchiveId = archive.Id, Number = number, Name = Short(entry.Name), Path = named.Path, FoldedPath = folded, Class = named.Class, Split = named.Split, Size = entry.Size,
            Offset = entry.Offset, CompressedSize = entry.CompressedSize, Method = entry.Method, Crc32 = entry.Crc32,
            Outcome = named.Outcome, Code = named.Error?.Code, Detail = named.Detail,
        };

        static NamedEntry Refused(ErrorCode error, string detail) => new(null, null, null, EntryOutcome.Refused, error, detail);
    }

    private DecidedEntry? ProblemOf(ZipEntry entry, string path) => entry switch
    {
        _ when Math.Max(entry.Size, entry.CompressedSize) > images.MaxImageBytes => TooLarge(0, path, entry.Size, images.MaxImageBytes),
        { Size: 0 } => ArchiveEntries.NoImage(0, path, "The file is empty."),
        _ when !ZipData.CanUnpack(entry.Method) => DecidedEntry.Refused(0, ErrorCodes.ArchiveEntryUnsupported, $"The entry is compressed by method {entry.Method}; only stored and deflated entries are unpacked."),
        _ when entry.Size > RatioFrom && entry.Size > limits.MaxRatio * Math.Max(1, entry.CompressedSize) =>
            DecidedEntry.Refused(0, ErrorCodes.ArchiveTooLarge, $"The entry unpacks to more than {limits.MaxRatio} times its size in the archive."),
        _ => null,
    };

    /// <summary>A file that no image may be as large as.</summary>
    public static DecidedEntry TooLarge(int number, string path, long size, long most) => ArchiveEntryName.IsCalledImage(path)
        ? DecidedEntry.Refused(number, ErrorCodes.ImageTooLarge, $"The file has {size} bytes; an image may have {most}.")
        : DecidedEntry.Skipped(number, ErrorCodes.NotAnImage, "Not an image.");

    public static string Short(string name) => name.Length <= DatasetArchiveEntry.LongestName ? name.Replace('\0', '?') : name[..DatasetArchiveEntry.LongestName].Replace('\0', '?');

    private static DatasetArchiveEntry With(DatasetArchiveEntry row, int batch) => new()
    {
        ArchiveId = row.ArchiveId, Number = row.Number, Name = row.Name, Path = row.Path, FoldedPath = row.FoldedPath, Class = row.Class, Split = row.Split, Size = row.Size,
        Batch = batch, Offset = row.Offset, CompressedSize = row.CompressedSize, Method = row.Method, Crc32 = row.Crc32,
    };

    /// <summary>Stores rows and counts in one transaction, so that a plan is there as a whole or not at all.</summary>
    private async Task StoreAsync(DatasetArchive archive, List<DatasetArchiveEntry> rows, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var (skipped, refused) = (rows.Count(row => row.Outcome == EntryOutcome.Skipped), rows.Count(row => row.Outcome == EntryOutcome.Refused));
        // Also the lock: of two runs at once, the second finds the plan of the first.
        if (await database.DatasetArchives.Where(row => row.Id == archive.Id && row.Entries == null).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Entries, rows.Count).SetProperty(row => row.Skipped, skipped).SetProperty(row => row.Refused, refused), cancellation) == 0)
            return;
        await using (var writer = await ((NpgsqlConnection)database.Database.GetDbConnection()).BeginBinaryImportAsync(
            """
            COPY dataset_archive_entries (archive_id, number, name, path, folded_path, class, split, size, batch, "offset", compressed_size, method, crc32, outcome, code, detail)
            FROM STDIN (FORMAT binary)
            """, cancellation))
        {
            foreach (var row in rows)
                await WriteAsync(writer, row, cancellation);
            await writer.CompleteAsync(cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter writer, DatasetArchiveEntry row, CancellationToken cancellation)
    {
        await writer.StartRowAsync(cancellation);
        await writer.WriteAsync(row.ArchiveId, NpgsqlDbType.Uuid, cancellation);
        await writer.WriteAsync(row.Number, NpgsqlDbType.Integer, cancellation);
        foreach (var text in (string?[])[row.Name, row.Path, row.FoldedPath, row.Class, row.Split?.ToString().ToLowerInvariant()])
            await (text is null ? writer.WriteNullAsync(cancellation) : writer.WriteAsync(text, NpgsqlDbType.Text, cancellation));
        await writer.WriteAsync(row.Size, NpgsqlDbType.Bigint, cancellation);
        await (row.Batch is { } batch ? writer.WriteAsync(batch, NpgsqlDbType.Integer, cancellation) : writer.WriteNullAsync(cancellation));
        await writer.WriteAsync(row.Offset, NpgsqlDbType.Bigint, cancellation);
        await writer.WriteAsync(row.CompressedSize, NpgsqlDbType.Bigint, cancellation);
        await writer.WriteAsync(row.Method, NpgsqlDbType.Integer, cancellation);
        await writer.WriteAsync(row.Crc32, NpgsqlDbType.Bigint, cancellation);
        foreach (var text in (string?[])[row.Outcome?.ToString().ToLowerInvariant(), row.Code, row.Detail])
            await (text is null ? writer.WriteNullAsync(cancellation) : writer.WriteAsync(text, NpgsqlDbType.Text, cancellation));
    }
}
