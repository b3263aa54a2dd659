using System.Collections;

namespace Microsoft.Azure.Functions.Worker.Embedded;

internal sealed class InvocationFeatures : IInvocationFeatures
{
    private readonly Dictionary<Type, object> _features = [];

    public T? Get<T>() => _features.TryGetValue(typeof(T), out object? value) ? (T)value : default;

    public void Set<T>(T instance)
    {
        if (instance is null)
            _features.Remove(typeof(T));
        else
            _features[typeof(T)] = instance;
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
