using System.Text.Json.Serialization.Metadata;

namespace DmAgents.Actors.Serialization;

/// <summary>A type that is written as JSON, and the generated code that does it.</summary>
/// <remarks>The serializer's objects are created at their first use. Creating all of them at the start of the process
/// made the runtime compile 2,700 methods, two fifths of what it compiles until the agent serves.</remarks>
public sealed class Format
{
    private readonly Func<JsonTypeInfo> _json;

    private Format(Type type, Func<JsonTypeInfo> json)
    {
        Type = type;
        _json = json;
    }

    public Type Type { get; }

    public JsonTypeInfo Json => _json();

    public static Format Of<T>(Func<JsonTypeInfo<T>> json)
        where T : class => new(typeof(T), json);
}
