using System.Formats.Tar;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Archives;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using ZstdSharp;

namespace VisionPlatform.Application.Datasets;

/// <summary>Where to go on in a TAR.</summary>
/// <param name="Number">Entries that are done with.</param>
/// <param name="Offset">Where the next entry begins, in a TAR that is not compressed.</param>
/// <param name="Unpacked">Bytes of the entries so far.</param>
public sealed record TarCursor(int Number, long Offset, long Unpacked)
{
    public static TarCursor Start { get; } = new(0, 0, 0);
}

/// <summary>
/// Unpacks TARs as a stream. One that is not compressed goes on at an offset. A compressed one can only be read from its beginning, so its steps
/// are longer, and each decompresses what the steps before have done.
/// </summary>
public sealed class TarUnpacking(PlatformDatabase database, ObjectStores stores, ArchiveEntries entries, ArchiveLimits limits, DatasetLimits images)
{
    private const long BatchBytes = 16 * 1024 * 1024;

    /// <summary>Compressed bytes that are read ahead before a ratio means anything.</summary>
    private const long RatioFrom = 1024 * 1024;

    /// <summary>Entries of one step.</summary>
    private static int StepOf(ArchiveFormat format) => format == ArchiveFormat.Tar ? 500 : 20_000;

    /// <summary>Unpacks entries from the cursor on. Returns where to go on; null at the end.</summary>
    /// <exception cref="ArchiveDamagedException">The archive is damaged or ends early.</exception>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ArchiveTooLarge"/>, and those of <see cref="ArchiveEntries.TakeAsync"/>.</exception>
    public async Task<TarCursor?> UnpackAsync(DatasetArchive archive, TarCursor from, CancellationToken cancellation)
    {
        var format = archive.Format!.Value;
        var start = format == ArchiveFormat.Tar ? from.Offset : 0;
        if (start >= archive.Size)
            throw new ArchiveDamagedException("The TAR has no end: it was cut off.");
        await using var source = await stores.External.OpenReadAsync(archive.Key, cancellation, from: start)
            ?? throw new ArchiveDamagedException("The archive is no longer there.");
        await using var packed = new CountedStream(source.Stream);
        await using var unpacked = new CountedStream(ArchiveFormats.Decompress(packed, format));
        try
        {
            return await UnpackAsync(archive, from, start, packed, unpacked, cancellation);
        }
        catch (Exception damaged) when (damaged is InvalidDataException or FormatException or ZstdException or EndOfStreamException or NotSupportedException)
        {
            // A connection that is lost is not the archive's fault.
            if (damaged is EndOfStreamException && start + packed.Count < archive.Size)
                throw new IOException("The archive could not be read to its end.", damaged);
            throw new ArchiveDamagedException($"The TAR is damaged or was cut off: {damaged.Message}", damaged);
        }
    }

    private async Task<TarCursor?> UnpackAsync(
        DatasetArchive archive, TarCursor from, long start, CountedStream packed, CountedStream unpacked, CancellationToken cancellation)
    {
        var skip = archive.Format == ArchiveFormat.Tar ? 0 : from.Number;
        var (number, bytes) = archive.Format == ArchiveFormat.Tar ? (from.Number, from.Unpacked) : (0, 0L);
        var batch = new TarBatch();
        await using var reader = new TarReader(unpacked, leaveOpen: true);
        while (await reader.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            if (entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes or TarEntryType.DirectoryList or TarEntryType.TapeVolume)
                continue;
            var next = start + unpacked.Count + (entry.Length + 511) / 512 * 512;
            bytes += entry.Length;
            RequireAllowed(number + 1, bytes, packed, unpacked);
            if (number++ < skip)
                continue;
            await AddAsync(archive, entry, number - 1, batch, cancellation);
            if (batch.Rows.Count == ZipPlanning.MostInBatch || batch.Bytes > BatchBytes)
                await TakeAsync(archive, batch, cancellation);
            if (number - from.Number == StepOf(archive.Format!.Value))
            {
                await TakeAsync(archive, batch, cancellation);
                return new TarCursor(number, next, bytes);
            }
        }
        if (unpacked.HasEnded)
            throw new ArchiveDamagedException("The TAR has no end: it was cut off.");
        await TakeAsync(archive, batch, cancellation);
        await database.DatasetArchives.Where(row => row.Id == archive.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Entries, number), cancellation);
        return null;
    }

    private void RequireAllowed(int count, long bytes, CountedStream packed, CountedStream unpacked)
    {
        if (count > limits.MaxEntries)
            throw new ProblemException(ErrorCodes.ArchiveTooLarge, $"The archive has more than {limits.MaxEntries} files.");
        if (bytes > limits.MaxUnpackedBytes)
            throw new ProblemException(ErrorCodes.ArchiveTooLarge, $"The archive unpacks to more than {limits.MaxUnpackedBytes} bytes.");
        if (unpacked.Count > limits.MaxRatio * (packed.Count + RatioFrom))
            throw new ProblemException(ErrorCodes.ArchiveTooLarge, $"The archive unpacks to more than {limits.MaxRatio} times its size.");
    }

    private async Task AddAsync(DatasetArchive archive, TarEntry entry, int number, TarBatch batch, CancellationToken cancellation)
    {
        var named = entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile
            ? ArchiveEntryName.Read(entry.Name, archive.Layout, archive.Folder)
            : new NamedEntry(null, null, null, EntryOutcome.Refused, ErrorCodes.ArchiveEntryUnsupported, "A link or device is not unpacked.");
        var problem = named.Outcome is not null ? null
            : entry.Length > images.MaxImageBytes ? ZipPlanning.TooLarge(number, named.Path!, entry.Length, images.MaxImageBytes)
            : entry.Length == 0 ? ArchiveEntries.NoImage(number, named.Path!, "The file is empty.")
            : null;
        if (named.Outcome is { } outcome)
            problem = new DecidedEntry(number, outcome, named.Error, named.Detail);
        var content = Array.Empty<byte>();
        if (problem is null)
        {
            content = GC.AllocateUninitializedArray<byte>((int)entry.Length);
            await entry.DataStream!.ReadExactlyAsync(content, cancellation);
        }
        batch.Add(new DatasetArchiveEntry
        {
            ArchiveId = archive.Id, Number = number, Name = ZipPlanning.Short(entry.Name), Path = named.Path, FoldedPath = named.Path is { } path ? CaseFold.Of(path) : null,
            Class = named.Class, Split = named.Split, Size = entry.Length,
        }, content, problem);
    }

    private async Task TakeAsync(DatasetArchive archive, TarBatch batch, CancellationToken cancellation)
    {
        if (batch.Rows.Count == 0)
            return;
        // Cancelled or deleted meanwhile.
        if (!await database.DatasetArchives.AnyAsync(row => row.Id == archive.Id && row.State == ArchiveState.Unpacking, cancellation))
            throw ProblemException.NoSuch("archive");
        await InsertAsync(batch, cancellation);
        var (first, last) = (batch.Rows[0].Entry.Number, batch.Rows[^1].Entry.Number);
        var stored = await database.DatasetArchiveEntries.AsNoTracking()
            .Where(row => row.ArchiveId == archive.Id && row.Number >= first && row.Number <= last).ToDictionaryAsync(row => row.Number, cancellation);
        var earlier = await EarlierAsync(archive.Id, batch, first, cancellation);
        var (decided, unpacked) = (batch.Decided.ToList(), new List<UnpackedEntry>());
        foreach (var (row, content) in batch.Rows.Where(one => one.Content.Length > 0 && stored[one.Entry.Number].Outcome is null))
            if (earlier.TryAdd(row.FoldedPath!, row.Name))
                unpacked.Add(new UnpackedEntry(stored[row.Number], content));
            else
                decided.Add(DecidedEntry.Refused(row.Number, ErrorCodes.DuplicateImage, $"The archive has '{earlier[row.FoldedPath!]}' already (upper and lower case are the same)."));
        await entries.RecordAsync(archive.Id, decided, cancellation);
        await entries.TakeAsync(archive, unpacked, cancellation);
        batch.Clear();
    }

    /// <summary>Names of earlier entries with paths of the batch.</summary>
    private async Task<Dictionary<string, string>> EarlierAsync(Guid archiveId, TarBatch batch, int first, CancellationToken cancellation)
    {
        var paths = batch.Rows.Select(row => row.Entry.FoldedPath).OfType<string>().Distinct().ToArray();
        var rows = await database.DatasetArchiveEntries
            .Where(row => row.ArchiveId == archiveId && paths.Contains(row.FoldedPath!) && row.Number < first).OrderBy(row => row.Number)
            .Select(row => new { row.FoldedPath, row.Name }).ToListAsync(cancellation);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in rows)
            names.TryAdd(row.FoldedPath!, row.Name);
        return names;
    }

    private Task InsertAsync(TarBatch batch, CancellationToken cancellation)
    {
        var rows = batch.Rows.Select(row => row.Entry).ToArray();
        var archiveId = rows[0].ArchiveId;
        var numbers = rows.Select(row => row.Number).ToArray();
        var (names, paths, folded) = (rows.Select(row => row.Name).ToArray(), rows.Select(row => row.Path).ToArray(), rows.Select(row => row.FoldedPath).ToArray());
        var (classes, splits) = (rows.Select(row => row.Class).ToArray(), rows.Select(row => row.Split?.ToString().ToLowerInvariant()).ToArray());
        var sizes = rows.Select(row => row.Size).ToArray();
        return database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO dataset_archive_entries (archive_id, number, name, path, folded_path, class, split, size, "offset", compressed_size, method, crc32)
            SELECT {archiveId}, w.number, w.name, w.path, w.folded_path, w.class, w.split, w.size, 0, 0, 0, 0
            FROM unnest({numbers}, {names}, {paths}, {folded}, {classes}, {splits}, {sizes}) AS w(number, name, path, folded_path, class, split, size)
            ON CONFLICT DO NOTHING
            """, cancellation);
    }

    /// <summary>Entries that are worked on together.</summary>
    private sealed class TarBatch
    {
        public List<(DatasetArchiveEntry Entry, byte[] Content)> Rows { get; } = [];

        public List<DecidedEntry> Decided { get; } = [];

        public long Bytes { get; private set; }

        public void Add(DatasetArchiveEntry row, byte[] content, DecidedEntry? problem)
        {
            Rows.Add((row, content));
            Bytes += content.Length;
            if (problem is not null)
                Decided.Add(problem);
        }

        public void Clear()
        {
            Rows.Clear();
            Decided.Clear();
            Bytes = 0;
        }
    }
}
