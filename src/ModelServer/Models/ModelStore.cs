using System.Diagnostics;
using System.Text.Json;
using VisionPlatform.Domain.Errors;
using VisionPlatform.ModelServer.Telemetry;

namespace VisionPlatform.ModelServer.Models;

/// <summary>A model to load.</summary>
/// <param name="Url">Presigned address of the file; used only if the file is not on disk.</param>
/// <param name="Sha256">Its hash, in lower-case hexadecimal digits.</param>
/// <param name="Size">Its size in bytes; null if nobody knows.</param>
/// <param name="Format"><c>onnx</c>.</param>
/// <param name="Metadata">What the export says about it.</param>
internal sealed record ModelRequest(Uri Url, string Sha256, long? Size, string Format, JsonElement Metadata);

internal enum ModelState
{
    Loading,
    Ready,
    Failed,
}

/// <summary>How far a model is.</summary>
/// <param name="Bytes">Size of the file; null if nobody knows.</param>
/// <param name="LoadedBytes">Bytes that were downloaded so far.</param>
/// <param name="MemoryBytes">Memory it takes, as measured when it was loaded; null before.</param>
/// <param name="Failure">Why it cannot be loaded; null otherwise.</param>
internal sealed record ModelStatus(string Id, ModelState State, string Sha256, long? Bytes, long LoadedBytes, long? MemoryBytes, DateTimeOffset Since, Failure? Failure);

/// <summary>
/// The models of this process by the id that the app gives them. When they take more memory than the budget, those that were not used for the longest
/// time leave. A model is loaded once, also when many ask for it; one in use leaves when its last request has ended.
/// </summary>
internal sealed partial class ModelStore(ServerSettings settings, Runtime runtime, ModelFiles files, TimeProvider time, ILogger<ModelStore> log) : IAsyncDisposable
{
    /// <summary>How long a failure is answered before the model is tried again.</summary>
    private static readonly TimeSpan FailureLifetime = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>One model at a time is brought into memory: only so the growth of the process is its own.</summary>
    private readonly SemaphoreSlim _loading = new(1);

    private readonly CancellationTokenSource _stop = new();

    public int Count => Ready().Count;

    public long MemoryBytes => Ready().Sum(entry => entry.Memory);

    public IReadOnlyList<ModelStatus> All
    {
        get
        {
            lock (_gate)
                return [.. _entries.Values.Select(entry => entry.Status())];
        }
    }

    public ModelStatus? Find(string id)
    {
        lock (_gate)
            return _entries.GetValueOrDefault(id)?.Status();
    }

    /// <summary>Begins to load a model, unless it is there or on its way. A failed one is tried again after some seconds.</summary>
    public ModelStatus Load(string id, ModelRequest request)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out var known) && !(known.State == ModelState.Failed && time.GetUtcNow() - known.Since > FailureLifetime) && known.Request.Sha256 == request.Sha256)
                return known.Status();
            if (known is not null)
                Remove(known);
            var entry = _entries[id] = new Entry(id, request, time.GetUtcNow());
            _ = Task.Run(() => LoadAsync(entry));
            return entry.Status();
        }
    }

    /// <summary>The model for one request; null if it is not ready. Dispose it when the request has ended.</summary>
    public ModelLease? TryRent(string id)
    {
        lock (_gate)
        {
            if (_entries.GetValueOrDefault(id) is not { State: ModelState.Ready } entry)
                return null;
            entry.Used = Stopwatch.GetTimestamp();
            entry.Users++;
            return new ModelLease(entry.Model!, () => GiveBack(entry));
        }
    }

    /// <summary>Forgets a model. Returns false if there is none.</summary>
    public bool Unload(string id)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(id, out var entry))
                return false;
            Remove(entry);
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loading.WaitAsync();
        LoadedModel[] models;
        lock (_gate)
        {
            models = [.. _entries.Values.Where(entry => entry is { Model: not null, Users: 0 }).Select(entry => entry.Model!)];
            _entries.Clear();
        }
        foreach (var model in models)
            await model.DisposeAsync();
        _stop.Dispose();
        _loading.Dispose();
    }

    private async Task LoadAsync(Entry entry)
    {
        try
        {
            if (entry.Request.Format != "onnx")
                throw new ProblemException(ErrorCodes.UnknownModelFormat, $"The model server runs ONNX models, not '{entry.Request.Format}'.");
            var description = ModelDescription.Read(entry.Request.Metadata);
            RequireFits(Estimate(entry.Request.Size ?? 0, description), entry.Request.Size ?? 0);
            var path = await files.GetAsync(entry.Request.Url, entry.Request.Sha256, bytes => entry.LoadedBytes = bytes, _stop.Token);
            await _loading.WaitAsync(_stop.Token);
            try
            {
                await IntoMemoryAsync(entry, path, description);
            }
            finally
            {
                _loading.Release();
            }
            ServerMetrics.Loads.Add(1, new KeyValuePair<string, object?>("outcome", "ready"));
            LogLoaded(entry.Id, entry.Memory / 1_000_000);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception failure)
        {
            var problem = failure as ProblemException ?? new ProblemException(ErrorCodes.FrameworkError, $"The model could not be loaded ({failure.GetType().Name}).", inner: failure);
            ServerMetrics.Loads.Add(1, new KeyValuePair<string, object?>("outcome", problem.Error.Code));
            LogNotLoaded(failure, entry.Id, problem.Error.Code, problem.Message);
            lock (_gate)
                (entry.State, entry.Failure, entry.Since) = (ModelState.Failed, problem.ToFailure(), time.GetUtcNow());
        }
    }

    private async Task IntoMemoryAsync(Entry entry, string path, ModelDescription description)
    {
        var size = new FileInfo(path).Length;
        var estimate = Estimate(size, description);
        RequireFits(estimate, size);
        await MakeRoomAsync(estimate);
        var before = Process.GetCurrentProcess().WorkingSet64;
        LoadedModel model;
        try
        {
            model = new LoadedModel(runtime, path, description, settings);
        }
        catch (ProblemException full) when (full.Error == ErrorCodes.ModelTooLarge && Count > 0)
        {
            // It takes more than its estimate. Alone it may fit.
            await MakeRoomAsync(settings.MemoryBytes);
            model = new LoadedModel(runtime, path, description, settings);
        }
        // The arena may hand out memory that the process already has, and then the estimate says more.
        var memory = Math.Max(estimate, Process.GetCurrentProcess().WorkingSet64 - before);
        if (memory > settings.MemoryBytes)
        {
            await model.DisposeAsync();
            throw TooLarge(memory);
        }
        await MakeRoomAsync(memory);
        lock (_gate)
        {
            (entry.Model, entry.Memory, entry.Used) = (model, memory, Stopwatch.GetTimestamp());
            (entry.State, entry.Since) = (ModelState.Ready, time.GetUtcNow());
            if (entry.Removed)
                Free(entry);
        }
    }

    /// <summary>The weights, as long again while they are read and optimized, and the input of a run with some room for what comes of it.</summary>
    private long Estimate(long size, ModelDescription description) => 2 * size + 8L * sizeof(float) * description.ValuesOfImage;

    private void RequireFits(long estimate, long size)
    {
        if (size > settings.CacheBytes || estimate > settings.MemoryBytes)
            throw TooLarge(estimate);
    }

    private ProblemException TooLarge(long bytes) =>
        new(ErrorCodes.ModelTooLarge, $"The model needs about {bytes / 1_000_000} MB; the model server may use {settings.MemoryBytes / 1_000_000} MB.");

    /// <summary>Has models leave, those that were not used for the longest time first, until so many bytes are free. Waits until they are gone.</summary>
    private async Task MakeRoomAsync(long bytes)
    {
        List<Task> leaving = [];
        lock (_gate)
        {
            foreach (var entry in _entries.Values.Where(entry => entry.State == ModelState.Ready).OrderBy(entry => entry.Used).ToArray())
            {
                if (_entries.Values.Where(other => other.State == ModelState.Ready).Sum(other => other.Memory) + bytes <= settings.MemoryBytes)
                    break;
                ServerMetrics.Evictions.Add(1);
                Remove(entry);
                leaving.Add(entry.Gone.Task);
            }
        }
        await Task.WhenAll(leaving);
    }

    private void Remove(Entry entry)
    {
        _entries.Remove(entry.Id);
        entry.Removed = true;
        if (entry.Users == 0)
            Free(entry);
    }

    private void GiveBack(Entry entry)
    {
        lock (_gate)
        {
            entry.Users--;
            if (entry is { Removed: true, Users: 0 })
                Free(entry);
        }
    }

    private static void Free(Entry entry)
    {
        if (Interlocked.Exchange(ref entry.Model, null) is not { } model)
            return;
        _ = Task.Run(async () =>
        {
            await model.DisposeAsync();
            entry.Gone.TrySetResult();
        });
    }

    private List<Entry> Ready()
    {
        lock (_gate)
            return [.. _entries.Values.Where(entry => entry.State == ModelState.Ready)];
    }

    [LoggerMessage(LogLevel.Information, "Model {Id} is ready; it takes {MegaBytes} MB.")]
    private partial void LogLoaded(string id, long megaBytes);

    [LoggerMessage(LogLevel.Warning, "Model {Id} was not loaded: {Code}, {Message}")]
    private partial void LogNotLoaded(Exception failure, string id, string code, string message);

    private sealed class Entry(string id, ModelRequest request, DateTimeOffset since)
    {
        public string Id { get; } = id;
        public ModelRequest Request { get; } = request;
        public ModelState State = ModelState.Loading;
        public DateTimeOffset Since = since;
        public LoadedModel? Model;
        public Failure? Failure;
        public long LoadedBytes;
        public long Memory;
        public long Used;
        public int Users;
        public bool Removed;
        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ModelStatus Status() => new(Id, State, Request.Sha256, Request.Size, LoadedBytes, State == ModelState.Ready ? Memory : null, Since, Failure);
    }
}

/// <summary>A model that stays in memory until this is disposed.</summary>
internal sealed class ModelLease(LoadedModel model, Action giveBack) : IDisposable
{
    private Action? _giveBack = giveBack;

    public LoadedModel Model { get; } = model;

    public void Dispose() => Interlocked.Exchange(ref _giveBack, null)?.Invoke();
}
