using System.IO.Pipelines;
using System.Security.Cryptography;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Storage;
using ZstdSharp;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>Writes and reads the objects of one backup: compressed, encrypted when there is a key, with the SHA-256 of every part.</summary>
internal sealed class BackupObjects(ObjectStore store, string prefix, byte[]? key)
{
    /// <summary>Size of all parts but the last.</summary>
    public const int PartBytes = 8 << 20;

    /// <summary>Parts of an object that are sent at once. Several tables are stored at the same time, so more would only take memory.</summary>
    private const int ParallelParts = 2;

    private const string ContentType = "application/octet-stream";
    private const int CompressionLevel = 1;

    /// <summary>Stores what <paramref name="write"/> writes, while it writes it. An object that fails is not there.</summary>
    public async Task<BackupObject> WriteAsync(string name, Func<Stream, Task> write, CancellationToken cancellation)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var hashes = new PartHashes(pipe.Reader.AsStream(), PartBytes);
        var upload = UploadAsync();
        try
        {
            await WriteCompressedAsync(pipe.Writer.AsStream(leaveOpen: true), name, write);
            await pipe.Writer.CompleteAsync();
        }
        catch (Exception failure)
        {
            // The reader throws what the writer failed with, and the upload is aborted.
            await pipe.Writer.CompleteAsync(failure);
            await upload.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            // When the upload failed first, the writer only noticed that nobody reads any more.
            if (upload.Exception?.InnerException is { } first && failure is IOException or InvalidOperationException or OperationCanceledException && first.GetType() != failure.GetType())
                throw first;
            throw;
        }
        var bytes = await upload;
        return new BackupObject(name, bytes, hashes.Complete());

        async Task<long> UploadAsync()
        {
            try
            {
                var stored = await store.PutAsync(prefix + name, hashes, ContentType, stop.Token, PartBytes, ParallelParts);
                await pipe.Reader.CompleteAsync();
                return stored;
            }
            catch (Exception failure)
            {
                await pipe.Reader.CompleteAsync(failure);
                throw;
            }
        }
    }

    /// <summary>Opens the content of an object. Each part is fetched whole and compared with its SHA-256 before any of it is used.</summary>
    public Stream OpenRead(BackupObject stored, int partBytes)
    {
        Stream stream = new VerifiedParts(store, prefix, stored, partBytes);
        if (key is not null)
            stream = new UnsealingStream(stream, key, stored.Key);
        return new DecompressionStream(stream, leaveOpen: false);
    }

    private async Task WriteCompressedAsync(Stream output, string name, Func<Stream, Task> write)
    {
        await using var cipher = key is null ? null : new SealingStream(output, key, name);
        await using var compressed = new CompressionStream(cipher ?? output, CompressionLevel, leaveOpen: true);
        await write(compressed);
    }

    /// <summary>Reads a stream and hashes it part by part.</summary>
    private sealed class PartHashes(Stream inner, int partBytes) : ReadOnlyStream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly List<string> _parts = [];
        private int _filled;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, partBytes - _filled)], cancellationToken);
            _hash.AppendData(buffer.Span[..read]);
            _filled += read;
            if (_filled == partBytes)
                EndPart();
            return read;
        }

        public IReadOnlyList<string> Complete()
        {
            if (_filled > 0)
                EndPart();
            _hash.Dispose();
            return _parts;
        }

        private void EndPart()
        {
            _parts.Add(Convert.ToHexStringLower(_hash.GetHashAndReset()));
            _filled = 0;
        }
    }

    private sealed class VerifiedParts(ObjectStore store, string prefix, BackupObject stored, int partBytes) : ReadOnlyStream
    {
        private byte[] _part = [];
        private int _position;
        private int _next;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_position == _part.Length && _next < stored.Parts.Count)
            {
                _part = await FetchAsync(_next++, cancellationToken);
                _position = 0;
            }
            var taken = Math.Min(buffer.Length, _part.Length - _position);
            _part.AsMemory(_position, taken).CopyTo(buffer);
            _position += taken;
            return taken;
        }

        private async Task<byte[]> FetchAsync(int number, CancellationToken cancellation)
        {
            var (from, length) = ((long)number * partBytes, (int)Math.Min(partBytes, stored.Bytes - (long)number * partBytes));
            var bytes = await store.GetRangeAsync(prefix + stored.Key, from, length, cancellation)
                ?? throw new OperationException($"{stored.Key} of the backup is missing");
            return Convert.ToHexStringLower(SHA256.HashData(bytes)) == stored.Parts[number] ? bytes : throw new OperationException($"{stored.Key} of the backup is damaged (part {number + 1})");
        }
    }
}
