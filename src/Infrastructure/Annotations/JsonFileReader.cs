using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace VisionPlatform.Infrastructure.Annotations;

/// <summary>A value of the outermost object: an element of one of its arrays, or a member that is no array.</summary>
public readonly record struct JsonEntry(string Member, JsonElement Value);

/// <summary>
/// Reads a JSON file of any size, whose outermost value is an object, in bounded memory: the elements of its arrays one by one. In memory is one element
/// at a time; members that nobody wants are passed over without being kept.
/// </summary>
/// <param name="stream">UTF-8, with or without a byte order mark.</param>
/// <param name="largest">Bytes that one element may have.</param>
public sealed class JsonFileReader(Stream stream, int largest)
{
    private const int FirstBuffer = 256 * 1024;

    private enum Place
    {
        Start,
        Members,
        Elements,
        Unwanted,
        End,
    }

    private enum Step
    {
        Entry,
        NeedsMore,
        Done,
    }

    private byte[] _buffer = [];
    private int _from, _to;
    private bool _isFinal;
    private JsonReaderState _state;
    private Place _place = Place.Start;
    private string _member = "";
    private int _depth;

    /// <summary>Bytes read from the stream.</summary>
    public long ReadBytes { get; private set; }

    /// <summary>The entries of some members, in the order of the file.</summary>
    /// <param name="wanted">Names of these members.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="JsonException">The file is no JSON, or its outermost value is no object.</exception>
    /// <exception cref="InvalidDataException">An element is larger than allowed.</exception>
    public async IAsyncEnumerable<JsonEntry> ReadAsync(IReadOnlySet<string> wanted, [EnumeratorCancellation] CancellationToken cancellation)
    {
        _buffer = new byte[Math.Min(FirstBuffer, largest)];
        await FillAsync(cancellation);
        if (_buffer.AsSpan(0, _to).StartsWith(Encoding.UTF8.Preamble))
            _from = Encoding.UTF8.Preamble.Length;
        while (true)
            switch (Next(wanted, out var entry))
            {
                case Step.Entry:
                    yield return entry;
                    break;
                case Step.NeedsMore:
                    await FillAsync(cancellation);
                    break;
                default:
                    yield break;
            }
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        if (_from > 0)
        {
            _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
            (_from, _to) = (0, _to - _from);
        }
        if (_to == _buffer.Length)
        {
            if (_buffer.Length >= largest)
                throw new InvalidDataException($"An entry of '{_member}' has more than {largest} bytes.");
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, largest));
        }
        // As much as fits: a network stream gives little at a time, and each attempt begins the entry anew.
        var read = await stream.ReadAtLeastAsync(_buffer.AsMemory(_to), _buffer.Length - _to, throwOnEndOfStream: false, cancellation);
        _isFinal = _to + read < _buffer.Length;
        _to += read;
        ReadBytes += read;
    }

    /// <summary>Goes on to the next entry, or as far as the buffer reaches.</summary>
    private Step Next(IReadOnlySet<string> wanted, out JsonEntry entry)
    {
        entry = default;
        var data = _buffer.AsSpan(_from, _to - _from);
        var reader = new Utf8JsonReader(data, _isFinal, _state);
        var consumed = 0;
        try
        {
            while (true)
            {
                if (!reader.Read())
                    return _isFinal ? Step.Done : Step.NeedsMore;
                switch (_place)
                {
                    case Place.Start:
                        _place = reader.TokenType == JsonTokenType.StartObject ? Place.Members : throw new JsonException("The outermost value is not an object.", null, 0, 0);
                        break;
                    case Place.Members when reader.TokenType == JsonTokenType.EndObject:
                        _place = Place.End;
                        break;
                    case Place.Members:
                        // Name and value in one step, so that the value is known to be there.
                        var name = NameOf(ref reader);
                        if (!reader.Read())
                            return Step.NeedsMore;
                        _member = name;
                        if (!wanted.Contains(name))
                            (_place, _depth) = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? (Place.Unwanted, reader.CurrentDepth) : (Place.Members, 0);
                        else if (reader.TokenType == JsonTokenType.StartArray)
                            _place = Place.Elements;
                        else if (!TryTake(ref reader, data, out entry))
                            return Step.NeedsMore;
                        break;
                    case Place.Elements when reader.TokenType == JsonTokenType.EndArray:
                        _place = Place.Members;
                        break;
                    case Place.Elements:
                        if (!TryTake(ref reader, data, out entry))
                            return Step.NeedsMore;
                        break;
                    case Place.Unwanted when reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray && reader.CurrentDepth == _depth:
                        _place = Place.Members;
                        break;
                }
                (consumed, _state) = ((int)reader.BytesConsumed, reader.CurrentState);
                if (entry.Member is not null)
                    return Step.Entry;
            }
        }
        finally
        {
            _from += consumed;
        }
    }

    private static string NameOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException invalid)
        {
            throw new InvalidDataException("The name of a member is not valid Unicode.", invalid);
        }
    }

    private bool TryTake(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, out JsonEntry entry)
    {
        entry = default;
        var start = (int)reader.TokenStartIndex;
        if (!reader.TrySkip())
            return false;
        entry = new JsonEntry(_member, JsonDocument.Parse(data[start..(int)reader.BytesConsumed].ToArray()).RootElement);
        return true;
    }
}
