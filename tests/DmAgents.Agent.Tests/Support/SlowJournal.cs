using Akka.Configuration;
using Akka.Persistence.Sql.Journal;

namespace DmAgents.Agent.Tests.Support;

/// <summary>The daemon's own journal on a host that is starved: the first replays are not answered in time.</summary>
/// <remarks>Akka makes the plugin by its class name: how slow it is stands in its configuration.</remarks>
internal sealed class SlowJournal(Config config) : SqlWriteJournal(config)
{
    private readonly string _slow = config.GetString("slow");
    private readonly int _slowReplays = config.GetInt("slow-replays");
    private int _replays;

    /// <param name="slowReplays">So many replays of the host's journal are never answered.</param>
    /// <param name="patience">After which Akka gives a replay up.</param>
    /// <param name="slow">What the ids of slow journals begin with.</param>
    public static Config Configuration(int slowReplays, TimeSpan patience, string slow = "host") =>
        ConfigurationFactory.ParseString($$"""
        akka.persistence.journal.sql {
          class = "{{typeof(SlowJournal).AssemblyQualifiedName}}"
          recovery-event-timeout = {{patience.TotalMilliseconds}}ms
          slow = "{{slow}}"
          slow-replays = {{slowReplays}}
        }
        """);

    public override async Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        if (persistenceId.StartsWith(_slow, StringComparison.Ordinal)
            && Interlocked.Increment(ref _replays) <= _slowReplays)
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return await base.ReadHighestSequenceNrAsync(persistenceId, fromSequenceNr, cancellationToken);
    }
}
