using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>
/// Encryption of one object in pieces that can be written and read as a stream: AES-256-GCM over chunks of 64 KiB, under a key derived (HKDF-SHA256)
/// from the backup key, a random salt and the object's name. The nonce counts the chunks and marks the last one, so a missing, repeated, moved or
/// truncated chunk is noticed (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
/// Layout: <c>VPB1</c>, 16 bytes of salt, then for each chunk its cipher text and 16 bytes of tag.
/// </summary>
internal static class Sealing
{
    public const int ChunkBytes = 1 << 16;
    public const int TagBytes = 16;
    public const int SaltBytes = 16;
    private const int NonceBytes = 12;

    public static ReadOnlySpan<byte> Magic => "VPB1"u8;

    public static AesGcm CipherOf(byte[] key, ReadOnlySpan<byte> salt, string name) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, salt.ToArray(), Encoding.UTF8.GetBytes($"vision-platform backup object {name}")), TagBytes);

    public static byte[] Nonce(long chunk, bool isLast)
    {
        var nonce = new byte[NonceBytes];
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(3), chunk);
        nonce[^1] = isLast ? (byte)1 : (byte)0;
        return nonce;
    }
}

/// <summary>Encrypts what is written to it. Disposing it writes the last chunk; the inner stream stays open.</summary>
internal sealed class SealingStream(Stream inner, byte[] key, string name) : Stream
{
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(Sealing.SaltBytes);
    private readonly byte[] _plain = new byte[Sealing.ChunkBytes];
    private readonly byte[] _sealed = new byte[Sealing.ChunkBytes + Sealing.TagBytes];
    private AesGcm? _cipher;
    private int _filled;
    private long _chunks;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            // A full chunk is written when more follows, as the last one is marked.
            if (_filled == _plain.Length)
                await WriteChunkAsync(isLast: false, cancellationToken);
            var taken = Math.Min(_plain.Length - _filled, buffer.Length);
            buffer[..taken].CopyTo(_plain.AsMemory(_filled));
            _filled += taken;
            buffer = buffer[taken..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override async ValueTask DisposeAsync()
    {
        await WriteChunkAsync(isLast: true, CancellationToken.None);
        _cipher?.Dispose();
        GC.SuppressFinalize(this);
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask WriteChunkAsync(bool isLast, CancellationToken cancellation)
    {
        if (_cipher is null)
        {
            _cipher = Sealing.CipherOf(key, _salt, name);
            await inner.WriteAsync((byte[])[.. Sealing.Magic, .. _salt], cancellation);
        }
        _cipher.Encrypt(Sealing.Nonce(_chunks++, isLast), _plain.AsSpan(0, _filled), _sealed.AsSpan(0, _filled), _sealed.AsSpan(_filled, Sealing.TagBytes));
        await inner.WriteAsync(_sealed.AsMemory(0, _filled + Sealing.TagBytes), cancellation);
        _filled = 0;
    }
}

/// <summary>Decrypts what <see cref="SealingStream"/> wrote.</summary>
internal sealed class UnsealingStream(Stream inner, byte[] key, string name) : ReadOnlyStream
{
    private readonly byte[] _sealed = new byte[Sealing.ChunkBytes + Sealing.TagBytes + 1];
    private readonly byte[] _plain = new byte[Sealing.ChunkBytes];
    private AesGcm? _cipher;
    private int _ahead;
    private int _position;
    private int _length;
    private long _chunks;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_position == _length && !_ended)
            await ReadChunkAsync(cancellationToken);
        var taken = Math.Min(buffer.Length, _length - _position);
        _plain.AsMemory(_position, taken).CopyTo(buffer);
        _position += taken;
        return taken;
    }

    protected override void Dispose(bool disposing)
    {
        _cipher?.Dispose();
        inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask ReadChunkAsync(CancellationToken cancellation)
    {
        if (_cipher is null)
        {
            var head = new byte[Sealing.Magic.Length + Sealing.SaltBytes];
            if (await inner.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation) < head.Length || !head.AsSpan(0, Sealing.Magic.Length).SequenceEqual(Sealing.Magic))
                throw new OperationException($"{name} is not an encrypted object of a backup");
            _cipher = Sealing.CipherOf(key, head.AsSpan(Sealing.Magic.Length), name);
        }
        // One byte more than a chunk tells whether another follows.
        var read = _ahead + await inner.ReadAtLeastAsync(_sealed.AsMemory(_ahead), _sealed.Length - _ahead, throwOnEndOfStream: false, cancellation);
        _ended = read < _sealed.Length;
        var length = (_ended ? read : _sealed.Length - 1) - Sealing.TagBytes;
        if (length < 0)
            throw new OperationException($"{name} ends too early");
        try
        {
            _cipher.Decrypt(Sealing.Nonce(_chunks++, _ended), _sealed.AsSpan(0, length), _sealed.AsSpan(length, Sealing.TagBytes), _plain.AsSpan(0, length));
        }
        catch (AuthenticationTagMismatchException damaged)
        {
            throw new OperationException($"{name} is damaged, or was made with another BACKUP_ENCRYPTION_KEY", damaged);
        }
        (_position, _length) = (0, length);
        _ahead = _ended ? 0 : 1;
        if (!_ended)
            _sealed[0] = _sealed[^1];
    }
}
