using System.Text;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// Splits the keys under a prefix into ranges that can be worked on at the same time, without listing them. It asks for the first key after a point, one
/// key a request: the part that all keys of a range have in common is found by halving, then each character that follows it makes a range of its own,
/// and ranges with more than a page are split again. A million numbered keys take about a hundred requests.
/// </summary>
internal sealed class RangePlanner(S3Wire store, string prefix) : IDisposable
{
    /// <summary>A range with no more keys than one page is not split.</summary>
    private const int Small = 1000;

    /// <summary>Characters followed at one position. What comes after them stays together.</summary>
    private const int Branches = 128;

    private readonly SemaphoreSlim _gate = new(16);

    private readonly record struct Branch(KeyRange Range, bool IsLarge);

    /// <summary>Ranges that together hold every key under the prefix after a key; about <paramref name="wanted"/> if there are so many keys.</summary>
    public async Task<IReadOnlyList<KeyRange>> PlanAsync(string? after, int wanted, CancellationToken cancellation)
    {
        var all = new KeyRange(after, null);
        List<Branch> branches = [new(all, await IsLargeAsync(all, cancellation))];
        while (branches.Count < wanted && branches.Exists(static branch => branch.IsLarge))
        {
            var split = await Task.WhenAll(branches.Select(async branch => branch.IsLarge ? await SplitAsync(branch.Range, cancellation) : [branch]));
            var next = Joined(split.SelectMany(static part => part));
            if (next.Count <= branches.Count)
                break;
            branches = next;
        }
        return Fewer([.. branches.Select(static branch => branch.Range)], wanted * 2);
    }

    public void Dispose() => _gate.Dispose();

    private async Task<bool> IsLargeAsync(KeyRange range, CancellationToken cancellation)
    {
        var page = await AskAsync(range.After, Small, cancellation);
        return page.Continues && range.IsBeforeEnd(page.Objects[^1].Key);
    }

    private async Task<List<Branch>> SplitAsync(KeyRange range, CancellationToken cancellation)
    {
        if (await FirstAsync(range.After, range, cancellation) is not { } first)
            return [new(range, IsLarge: false)];
        var runes = first.EnumerateRunes().ToArray();
        var common = await CommonAsync(runes, range, cancellation);

        var boundaries = new List<string>();
        var start = Text(runes, common);
        // The first key may itself be what all have in common.
        for (var key = first == start ? await FirstAsync(first, range, cancellation) : first; key is not null && boundaries.Count < Branches;)
        {
            if (!key.StartsWith(start, StringComparison.Ordinal))
                break;
            var end = start + Next(Rune.GetRuneAt(key, start.Length));
            if (!range.IsBeforeEnd(end) || end == range.UpTo)
                break;
            key = await FirstAsync(end, range, cancellation);
            if (key is not null)
                boundaries.Add(end);
        }
        var ranges = boundaries.Select((end, i) => new KeyRange(i == 0 ? range.After : boundaries[i - 1], end)).Append(new KeyRange(boundaries is [.., var last] ? last : range.After, range.UpTo));
        return [.. await Task.WhenAll(ranges.Select(async part => new Branch(part, boundaries.Count > 0 && await IsLargeAsync(part, cancellation))))];
    }

    /// <summary>How many runes every key of the range has in common with the first one.</summary>
    private async Task<int> CommonAsync(Rune[] first, KeyRange range, CancellationToken cancellation)
    {
        var (common, differs) = (0, first.Length);
        while (common < differs)
        {
            var tried = (common + differs + 1) / 2;
            // Is there a key after all of those that begin like this?
            if (await FirstAsync(Text(first, tried - 1) + Next(first[tried - 1]), range, cancellation) is null)
                common = tried;
            else
                differs = tried - 1;
        }
        return common;
    }

    private async Task<string?> FirstAsync(string? after, KeyRange range, CancellationToken cancellation) =>
        await AskAsync(after, 1, cancellation) is { Objects: [{ Key: var key }, ..] } && range.IsBeforeEnd(key) ? key : null;

    private async Task<ListedPage> AskAsync(string? after, int size, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            return await store.PageAsync(prefix, after, size, cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Joins neighbours that are small, because a range costs more than a page.</summary>
    private static List<Branch> Joined(IEnumerable<Branch> branches)
    {
        var joined = new List<Branch>();
        var pages = 0;
        foreach (var branch in branches)
            if (joined is [.., { IsLarge: false } last] && !branch.IsLarge && pages < 10)
            {
                joined[^1] = new Branch(new KeyRange(last.Range.After, branch.Range.UpTo), IsLarge: false);
                pages++;
            }
            else
            {
                joined.Add(branch);
                pages = 1;
            }
        return joined;
    }

    private static IReadOnlyList<KeyRange> Fewer(IReadOnlyList<KeyRange> ranges, int most)
    {
        if (ranges.Count <= most)
            return ranges;
        return [.. Enumerable.Range(0, most).Select(i => new KeyRange(ranges[i * ranges.Count / most].After, ranges[((i + 1) * ranges.Count / most) - 1].UpTo))];
    }

    private static string Text(Rune[] runes, int count) => string.Concat(runes.Take(count).Select(static rune => rune.ToString()));

    /// <summary>The character after a rune in the order of UTF-8 bytes; the last one stays itself.</summary>
    private static string Next(Rune rune) => new Rune(rune.Value switch
    {
        0x10FFFF => 0x10FFFF,
        0xD7FF => 0xE000,
        var value => value + 1,
    }).ToString();
}
