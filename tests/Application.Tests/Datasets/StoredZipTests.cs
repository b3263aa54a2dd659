using System.IO.Compression;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Infrastructure.Archives;

namespace VisionPlatform.Application.Tests.Datasets;

public sealed class StoredZipTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 20, 8, 0, 0, TimeSpan.Zero);

    [Theory, InlineData(0), InlineData(1), InlineData(65_534), InlineData(65_535), InlineData(65_536)]
    public async Task A_zip_has_the_length_that_was_computed_whatever_the_number_of_files(int count)
    {
        StoredFile[] files = [.. Enumerable.Range(0, count).Select(i => new StoredFile($"train/dög/{i}.png", i % 7))];
        var zip = new MemoryStream();

        await StoredZip.WriteAsync(Zeros(files), Time, new ArchiveFiles.OnlyForward(zip), TestContext.Current.CancellationToken);

        Assert.Equal(zip.Length, StoredZip.LengthOf(files));
        var entries = await ZipDirectory.ReadAsync((from, length, _) => Task.FromResult(zip.GetBuffer().AsSpan((int)from, length).ToArray()), zip.Length, count, TestContext.Current.CancellationToken);
        Assert.Equal(files, entries.Select(entry => new StoredFile(entry.Name, entry.Size)));
    }

    [Fact]
    public async Task A_zip_has_the_length_that_was_computed_beyond_four_gigabytes()
    {
        StoredFile[] files = [new("a", 2_000_000_000), new("b", 2_400_000_000), new("c", 3), new("d", 4)];
        await using var counted = new Sink();

        await StoredZip.WriteAsync(Zeros(files), Time, counted, TestContext.Current.CancellationToken);

        Assert.Equal(counted.Written, StoredZip.LengthOf(files));
        Assert.True(counted.Written > uint.MaxValue);
    }

    private static async IAsyncEnumerable<(string Name, Stream Content)> Zeros(IEnumerable<StoredFile> files)
    {
        await Task.CompletedTask;
        foreach (var file in files)
            yield return (file.Name, new Zero(file.Size));
    }

    private sealed class Zero(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _left);
            buffer.AsSpan(offset, read).Clear();
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class Sink : Stream
    {
        public long Written { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Written += count;
    }
}
