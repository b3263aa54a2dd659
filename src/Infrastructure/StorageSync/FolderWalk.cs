using System.Runtime.CompilerServices;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// Lists keys in order, several pages at a time. A page names only the key after which the next one begins, so pages come one after the other; but where
/// keys have folders that hold a page or more, the first pages of several folders can be asked for at once. The folders are those beside the one that
/// the listing is in, on the highest level that has some. Folders that turn out to be small cost a request each, so then the listing goes on page by page.
/// </summary>
internal sealed class FolderWalk(S3Wire store, string level, KeyRange range)
{
    /// <summary>Pages asked for before the caller needs them.</summary>
    private const int Ahead = 4;

    /// <summary>A folder with fewer keys is small.</summary>
    private const int Small = S3Wire.PageSize / 4;

    /// <summary>Small folders in a row after which the listing goes on page by page.</summary>
    private const int SmallInARow = 4;

    /// <summary>After this follows no key of a folder that it is appended to, unless the key has the same character there.</summary>
    private const string LastCharacter = "\U0010FFFF";

    /// <summary>An object directly in the level, or a folder whose first page was asked for.</summary>
    private readonly record struct Entry(string Name, ListedObject? Object, Task<ListedPage>? FirstPage);

    /// <summary>Every key under the prefix from the range's beginning on, at least up to its end.</summary>
    public static async IAsyncEnumerable<ListedObject> ListAsync(S3Wire store, string prefix, KeyRange range, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (after, looks) = (range.After, true);
        while (true)
        {
            FolderWalk? walk = null;
            Task<FolderWalk?>? finding = null;
            await foreach (var page in store.PagesAsync(prefix, after, cancellation))
            {
                if (finding is not null)
                    (walk, finding) = (await finding, null);
                else if (looks && page.Continues && range.IsBeforeEnd(page.Objects[^1].Key))
                    finding = FindAsync(store, prefix, range, page, cancellation);
                looks = looks && finding is null;
                foreach (var found in page.Objects)
                    yield return found;
                if (page.Objects.Count > 0)
                    after = page.Objects[^1].Key;
                if (!page.Continues)
                    yield break;
                if (walk is not null)
                    break;
            }
            if (walk is null || !after!.StartsWith(walk.Level, StringComparison.Ordinal))
                continue;
            await foreach (var found in walk.ReadAsync(after, cancellation))
            {
                after = found.Key;
                yield return found;
            }
        }
    }

    private string Level => level;

    /// <summary>The highest level with folders after the one that all keys of a page are in; null if there are none.</summary>
    private static async Task<FolderWalk?> FindAsync(S3Wire store, string prefix, KeyRange range, ListedPage page, CancellationToken cancellation)
    {
        var (first, last) = (page.Objects[0].Key, page.Objects[^1].Key);
        for (var level = prefix; FolderIn(level, last) is { } folder && first.StartsWith(folder, StringComparison.Ordinal); level = folder)
            if ((await store.FolderPageAsync(level, folder + LastCharacter, cancellation)).Folders.Count(found => IsAfter(found, folder) && range.IsBeforeEnd(found)) > 1)
                return new FolderWalk(store, level, range);
        return null;
    }

    /// <summary>The keys of the level after one of them. Ends early when the folders are small: the caller goes on after the last key.</summary>
    private async IAsyncEnumerable<ListedObject> ReadAsync(string after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var entries = EntriesAsync(FolderIn(level, after) ?? after, cancellation).GetAsyncEnumerator(cancellation);
        var (ahead, hasMore, small) = (new Queue<Entry>(), true, 0);
        if (FolderIn(level, after) is { } current)
            ahead.Enqueue(new Entry(current, null, store.PageAsync(current, after, S3Wire.PageSize, cancellation)));
        while (true)
        {
            while (ahead.Count < Ahead && hasMore && (hasMore = await entries.MoveNextAsync()))
                ahead.Enqueue(entries.Current);
            if (small == SmallInARow || !ahead.TryDequeue(out var entry))
                yield break;
            if (entry.Object is { } single)
            {
                yield return single;
                continue;
            }
            var page = await entry.FirstPage!;
            foreach (var found in page.Objects)
                yield return found;
            small = page.Objects.Count < Small ? small + 1 : 0;
            if (!page.Continues)
                continue;
            await foreach (var further in store.PagesAsync(entry.Name, page.Objects[^1].Key, cancellation))
                foreach (var found in further.Objects)
                    yield return found;
        }
    }

    /// <summary>What is in the level after a key or folder, in order.</summary>
    private async IAsyncEnumerable<Entry> EntriesAsync(string after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var page = await store.FolderPageAsync(level, after.EndsWith('/') ? after + LastCharacter : after, cancellation);
            Entry[] entries =
            [
                .. page.Objects.Select(static found => new Entry(found.Key, found, null)).Concat(page.Folders.Select(static folder => new Entry(folder, null, null)))
                    .Where(entry => IsAfter(entry.Name, after)).OrderBy(static entry => entry.Name, Utf8Order.Instance),
            ];
            foreach (var entry in entries)
            {
                if (!range.IsBeforeEnd(entry.Name))
                    yield break;
                yield return entry.Object is null ? entry with { FirstPage = store.PageAsync(entry.Name, null, S3Wire.PageSize, cancellation) } : entry;
            }
            if (!page.IsTruncated || entries.Length == 0)
                yield break;
            after = entries[^1].Name;
        }
    }

    private static bool IsAfter(string key, string other) => Utf8Order.Instance.Compare(key, other) > 0;

    /// <summary>The folder directly in a level that a key is in, with its slash.</summary>
    private static string? FolderIn(string level, string key) =>
        key.StartsWith(level, StringComparison.Ordinal) && key.IndexOf('/', level.Length) is >= 0 and var slash ? key[..(slash + 1)] : null;
}
