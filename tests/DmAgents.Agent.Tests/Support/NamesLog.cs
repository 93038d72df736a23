using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace DmAgents.Agent.Tests.Support;

/// <summary>The names of the events that a class has logged.</summary>
internal sealed class NamesLog<T> : ILogger<T>
{
    public ConcurrentQueue<string> Names { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) => Names.Enqueue(eventId.Name ?? "");
}
