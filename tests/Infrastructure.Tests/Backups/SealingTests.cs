using System.Security.Cryptography;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Backups;

namespace VisionPlatform.Infrastructure.Tests.Backups;

public sealed class SealingTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Sealing.ChunkBytes - 1)]
    [InlineData(Sealing.ChunkBytes)]
    [InlineData(Sealing.ChunkBytes + 1)]
    [InlineData(3 * Sealing.ChunkBytes)]
    public async Task What_was_sealed_is_read_again(int length)
    {
        var plain = RandomNumberGenerator.GetBytes(length);

        var stored = await SealAsync(plain);

        Assert.Equal(plain, await UnsealAsync(stored));
        Assert.True(length < 16 || stored.AsSpan().IndexOf(plain.AsSpan(0, 16)) < 0);
    }

    [Fact]
    public async Task A_chunk_that_is_changed_missing_moved_or_cut_off_is_noticed()
    {
        var stored = await SealAsync(new byte[3 * Sealing.ChunkBytes]);
        var (head, chunk) = (Sealing.Magic.Length + Sealing.SaltBytes, Sealing.ChunkBytes + Sealing.TagBytes);
        byte[] changed = [.. stored];
        changed[head + chunk + 5] ^= 1;

        foreach (var bad in new[]
        {
            changed, stored[..(head + chunk)], stored[..(head + 2 * chunk)], stored[..^1], stored[..head], stored[..3],
            [.. stored[..head], .. stored[(head + chunk)..]], [.. stored[..head], .. stored[(head + chunk)..(head + 2 * chunk)], .. stored[head..(head + chunk)], .. stored[(head + 2 * chunk)..]],
            [.. stored, .. stored[^chunk..]],
        })
            await Assert.ThrowsAsync<OperationException>(() => UnsealAsync(bad));
    }

    [Fact]
    public async Task Another_key_and_another_name_do_not_open_it()
    {
        var stored = await SealAsync("rows"u8.ToArray());

        await Assert.ThrowsAsync<OperationException>(() => UnsealAsync(stored, RandomNumberGenerator.GetBytes(32)));
        await Assert.ThrowsAsync<OperationException>(() => UnsealAsync(stored, name: "tables/00002.zst"));
    }

    private static async Task<byte[]> SealAsync(byte[] plain)
    {
        using var stored = new MemoryStream();
        await using (var cipher = new SealingStream(stored, Key, "tables/00001.zst"))
            foreach (var piece in plain.Chunk(50_000))
                await cipher.WriteAsync(piece);
        return stored.ToArray();
    }

    private static async Task<byte[]> UnsealAsync(byte[] stored, byte[]? key = null, string name = "tables/00001.zst")
    {
        await using var cipher = new UnsealingStream(new MemoryStream(stored), key ?? Key, name);
        using var plain = new MemoryStream();
        await cipher.CopyToAsync(plain);
        return plain.ToArray();
    }
}
