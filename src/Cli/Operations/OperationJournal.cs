using System.Text.Json;

namespace VisionPlatform.Cli.Operations;

/// <summary>
/// The finished activities of one operation, in a file: a JSON object a line, first the operation itself. An operation that was interrupted reads
/// them and does only the rest.
/// </summary>
/// <remarks>An activity is known by name, input and how many equal calls came before it, so that the order in which parallel calls end does not matter.</remarks>
internal sealed class OperationJournal : IDisposable
{
    private sealed record Header(string Operation, string Input, DateTimeOffset Started);

    private sealed record Entry(string Activity, string Input, int Occurrence, string? Result);

    private readonly Lock _lock = new();
    private readonly FileStream _file;
    private readonly Dictionary<(string, string, int), string?> _finished;

    private OperationJournal(string id, string operation, string input, DateTimeOffset started, FileStream file, Dictionary<(string, string, int), string?> finished)
    {
        (Id, Operation, Input, Started, _file, _finished) = (id, operation, input, started, file, finished);
    }

    public string Id { get; }

    /// <summary>The orchestrator's name.</summary>
    public string Operation { get; }

    /// <summary>The orchestrator's input, JSON.</summary>
    public string Input { get; }

    public DateTimeOffset Started { get; }

    /// <summary>How many activities an earlier run finished.</summary>
    public int Finished => _finished.Count;

    /// <summary>Where journals are: OPERATIONS_DIR, or vision-platform/operations in the user's state folder.</summary>
    public static string Folder =>
        Settings.Optional("OPERATIONS_DIR")
        ?? Path.Combine(
            Settings.Optional("XDG_STATE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
            "vision-platform", "operations");

    /// <summary>Begins a new operation.</summary>
    public static OperationJournal Create(string id, string operation, string input, DateTimeOffset now)
    {
        Directory.CreateDirectory(Folder);
        var file = Open(id, FileMode.CreateNew);
        var journal = new OperationJournal(id, operation, input, now, file, []);
        journal.Write(new Header(operation, input, now));
        return journal;
    }

    /// <summary>Goes on with an operation that was interrupted.</summary>
    /// <exception cref="CommandException">There is none of that id, another process works on it, or its file is damaged.</exception>
    public static OperationJournal Resume(string id)
    {
        // An id is part of a file name.
        if (id.Length == 0 || !id.All(character => char.IsAsciiLetterOrDigit(character) || character == '-') || !File.Exists(PathOf(id)))
            throw CommandException.Usage($"there is no operation '{Failure.OneLine(id)}' in {Folder}.");
        var file = Open(id, FileMode.Open);
        try
        {
            return Read(id, file);
        }
        catch (Exception damaged) when (damaged is JsonException or EndOfStreamException)
        {
            file.Dispose();
            throw new CommandException($"the journal {PathOf(id)} is damaged; start the operation anew.", inner: damaged);
        }
    }

    /// <summary>Whether an earlier run finished this call, and its result.</summary>
    public bool TryFind(string activity, string input, int occurrence, out string? result)
    {
        lock (_lock)
            return _finished.TryGetValue((activity, input, occurrence), out result);
    }

    /// <summary>Notes a finished call. It is on disk when this returns.</summary>
    public void Add(string activity, string input, int occurrence, string? result)
    {
        lock (_lock)
        {
            _finished[(activity, input, occurrence)] = result;
            Write(new Entry(activity, input, occurrence, result));
        }
    }

    /// <summary>Removes the file: the operation is done.</summary>
    public void Delete()
    {
        _file.Dispose();
        File.Delete(PathOf(Id));
    }

    public void Dispose() => _file.Dispose();

    private static OperationJournal Read(string id, FileStream file)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        var header = JsonSerializer.Deserialize<Header>(reader.ReadLine() ?? throw new EndOfStreamException())!;
        var finished = new Dictionary<(string, string, int), string?>();
        long intact = 0;
        // The last line is incomplete if the process was killed while it wrote; that activity is done again.
        while (reader.ReadLine() is { } line)
        {
            try
            {
                var entry = JsonSerializer.Deserialize<Entry>(line)!;
                finished[(entry.Activity, entry.Input, entry.Occurrence)] = entry.Result;
            }
            catch (JsonException) when (reader.Peek() < 0)
            {
                intact = -System.Text.Encoding.UTF8.GetByteCount(line);
            }
        }
        if (intact < 0)
            file.SetLength(file.Length + intact);
        file.Seek(0, SeekOrigin.End);
        return new OperationJournal(id, header.Operation, header.Input, header.Started, file, finished);
    }

    private void Write(object line)
    {
        _file.Write(JsonSerializer.SerializeToUtf8Bytes(line, line.GetType()));
        _file.WriteByte((byte)'\n');
        _file.Flush(flushToDisk: true);
    }

    private static FileStream Open(string id, FileMode mode)
    {
        try
        {
            // The file stays locked while the operation runs.
            return new FileStream(PathOf(id), mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException locked) when (mode == FileMode.Open)
        {
            throw new CommandException($"another process works on operation {id}.", inner: locked);
        }
    }

    private static string PathOf(string id) => Path.Combine(Folder, id + ".jsonl");
}
