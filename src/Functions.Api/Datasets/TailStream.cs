namespace VisionPlatform.Api.Datasets;

/// <summary>Passes on what is written to it, without the first bytes. For the rest of an answer whose beginning the client has already.</summary>
internal sealed class TailStream(Stream target, long skip) : Stream
{
    private long _left = skip;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var rest = buffer[Skipped(buffer.Length)..];
        if (rest.Length > 0)
            target.Write(rest);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var rest = buffer[Skipped(buffer.Length)..];
        return rest.Length > 0 ? target.WriteAsync(rest, cancellationToken) : ValueTask.CompletedTask;
    }

    public override void Flush() => target.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => target.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private int Skipped(int length)
    {
        var skipped = (int)Math.Min(_left, length);
        _left -= skipped;
        return skipped;
    }
}
