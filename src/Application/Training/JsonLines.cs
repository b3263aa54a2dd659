using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace VisionPlatform.Application.Training;

/// <summary>Reads a file of one JSON object a line that somebody else wrote, a line at a time.</summary>
internal static class JsonLines
{
    /// <summary>Longest line in bytes.</summary>
    public const int LongestLine = 16 << 20;

    /// <summary>Longest text in bytes, however small it was packed.</summary>
    public const long LongestText = 4L << 30;

    /// <summary>The objects in order; empty lines are left out.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, too long, or has a line that is no such object; the message is the end of a sentence.</exception>
    public static async IAsyncEnumerable<T> ReadAsync<T>(Stream text, JsonSerializerOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = PipeReader.Create(text, new StreamPipeReaderOptions(leaveOpen: true));
        var (number, read) = (0, 0L);
        while (true)
        {
            var part = await ReadAsync(reader, cancellation);
            var buffer = part.Buffer;
            while (LineOf(ref buffer, part.IsCompleted) is { } line)
            {
                number++;
                if ((read += line.Length + 1) > LongestText)
                    throw new InvalidDataException("is longer than 4 GiB.");
                if (line.Length > 0)
                    yield return Parse<T>(line, options, number);
            }
            if (buffer.Length > LongestLine)
                throw new InvalidDataException($"has more than {LongestLine >> 20} MiB in line {number + 1}.");
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (part.IsCompleted)
                break;
        }
        await reader.CompleteAsync();
    }

    private static async Task<ReadResult> ReadAsync(PipeReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadAsync(cancellation);
        }
        catch (InvalidDataException damaged)
        {
            throw new InvalidDataException("is damaged: it is no gzip file.", damaged);
        }
    }

    /// <summary>Takes a line from the buffer; the last one needs no end.</summary>
    private static ReadOnlySequence<byte>? LineOf(ref ReadOnlySequence<byte> buffer, bool last)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            var line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return line;
        }
        if (!last || buffer.IsEmpty)
            return null;
        var rest = buffer;
        buffer = buffer.Slice(buffer.End);
        return rest;
    }

    private static T Parse<T>(ReadOnlySequence<byte> line, JsonSerializerOptions options, int number)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            return JsonSerializer.Deserialize<T>(ref reader, options) ?? throw new InvalidDataException($"has no object in line {number}.");
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"has no such object in line {number}.", wrong);
        }
    }
}
