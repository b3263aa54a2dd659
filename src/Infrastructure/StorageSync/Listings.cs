using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Reads two sorted listings side by side.</summary>
internal static class Listings
{
    /// <summary>Every key of either side once, in order, with what each side has. Holds a page of each.</summary>
    public static async IAsyncEnumerable<(ListedObject? Source, ListedObject? Target)> JoinAsync(IAsyncEnumerable<ListedObject> source, IAsyncEnumerable<ListedObject> target)
    {
        await using var left = source.GetAsyncEnumerator();
        await using var right = target.GetAsyncEnumerator();
        var (first, second) = (left.MoveNextAsync().AsTask(), right.MoveNextAsync().AsTask());
        await Task.WhenAll(first, second);
        var (hasLeft, hasRight) = (await first, await second);
        while (hasLeft || hasRight)
        {
            var order = !hasLeft ? 1 : !hasRight ? -1 : Utf8Order.Instance.Compare(left.Current.Key, right.Current.Key);
            yield return (order <= 0 ? left.Current : null, order >= 0 ? right.Current : null);
            if (order <= 0)
                hasLeft = await NextAsync(left);
            if (order >= 0)
                hasRight = await NextAsync(right);
        }
    }

    /// <summary>The same items, read without waiting for whoever works on them. Holds all that wait.</summary>
    public static async IAsyncEnumerable<T> AheadAsync<T>(IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var waiting = Channel.CreateUnbounded<T>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reading = ReadAsync();
        try
        {
            await foreach (var item in waiting.Reader.ReadAllAsync(cancellation))
                yield return item;
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }

        async Task ReadAsync()
        {
            try
            {
                await foreach (var item in items.WithCancellation(stop.Token))
                    waiting.Writer.TryWrite(item);
                waiting.Writer.Complete();
            }
            catch (Exception failure)
            {
                // The reader throws it.
                waiting.Writer.Complete(failure);
            }
        }
    }

    /// <exception cref="InvalidDataException">The store lists keys in another order than S3: nothing could be compared.</exception>
    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ListedObject> side)
    {
        var last = side.Current.Key;
        if (!await side.MoveNextAsync())
            return false;
        return Utf8Order.Instance.Compare(last, side.Current.Key) < 0
            ? true
            : throw new InvalidDataException($"the store lists '{side.Current.Key}' after '{last}', which is not the order of S3");
    }
}
