using System.Net;

namespace DmAgents.Fleet.Joining;

/// <summary>The exchanges that an issuer serves at once. Those of members have slots of their own: strangers, which
/// need no more than an address to connect, keep no member from a renewal.</summary>
internal sealed class JoinSlots(JoinLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _from = [];
    private int _strangers;
    private int _members;

    /// <summary>A slot for a connection of which nothing is known. Null if there is none: it is closed.</summary>
    /// <param name="from">Null if it is unknown.</param>
    public Slot? Enter(IPAddress? from)
    {
        lock (_lock)
        {
            var ofAddress = from is null ? 0 : _from.GetValueOrDefault(from);
            if (_strangers >= 2 * limits.AtOnce || ofAddress >= limits.PerAddress)
                return null;
            _strangers++;
            if (from is not null)
                _from[from] = ofAddress + 1;
            return new Slot(this, from, isBusy: _strangers > limits.AtOnce);
        }
    }

    private void LeaveStrangers(IPAddress? from)
    {
        _strangers--;
        if (from is null)
            return;
        if (_from[from] == 1)
            _from.Remove(from);
        else
            _from[from]--;
    }

    /// <summary>One exchange's, until it is disposed of.</summary>
    internal sealed class Slot(JoinSlots all, IPAddress? from, bool isBusy) : IDisposable
    {
        private bool _isMember;

        /// <summary>The peer is to be answered that the issuer is busy.</summary>
        public bool IsBusy { get; private set; } = isBusy;

        /// <summary>The peer has shown a member's certificate. Called once at most.</summary>
        public void IsMembers()
        {
            lock (all._lock)
            {
                all.LeaveStrangers(from);
                all._members++;
                _isMember = true;
                IsBusy = all._members > all.AtOnce;
            }
        }

        public void Dispose()
        {
            lock (all._lock)
            {
                if (_isMember)
                    all._members--;
                else
                    all.LeaveStrangers(from);
            }
        }
    }

    private int AtOnce => limits.AtOnce;
}
