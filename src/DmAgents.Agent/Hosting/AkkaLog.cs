namespace DmAgents.Agent.Hosting;

/// <summary>Messages of Akka itself: 9001. The id never changes.</summary>
internal static partial class AkkaLog
{
    /// <param name="source">The actor or class whose message it is.</param>
    [LoggerMessage(EventId = 9001, EventName = "akka", Message = "{Source}: {Text}")]
    public static partial void Akka(
        this ILogger log, LogLevel level, Exception? fault, string source, string? text);
}
