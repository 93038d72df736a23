using LinqToDB;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>A database whose setting is unusable when the agent starts: changes of the fleet are refused with the
/// reason, and the host's own work continues.</summary>
/// <param name="where">The setting's file.</param>
/// <param name="why">What is wrong with it, without a secret.</param>
public sealed class UnusableDatabase(string where, string why) : FleetDatabase
{
    private const string Correct = "correct it, then restart the agent: systemctl restart dmagentd";

    public override string Where => where;

    public string Why => why;

    internal override string Provider => ProviderName.PostgreSQL15;

    /// <summary>Never used, because the gate stays closed. A connection by these options would find no
    /// server.</summary>
    internal override DataOptions Options => new DataOptions().UseConnectionString(
        Provider, "Host=/nonexistent;Database=none;Username=none;Pooling=false");

    internal override DatabaseProbe Probe(FleetIdentity fleet) => new Refusing(why);

    private sealed class Refusing(string why) : DatabaseProbe
    {
        public override Task CheckAsync(CancellationToken cancellation) =>
            throw new DatabaseRefusedException(why, Correct);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
