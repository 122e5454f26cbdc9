"""The coins of the synthetic market: ids, symbols and names are CoinGecko's; the numbers are plausible, not real.

A table only: imports nothing of the project. The prices are not quotations: the price walks of `synthetic.py` start
there. Each coin has its own walk, so a wrapped coin does not follow its original.

As in reality a symbol may belong to several coins (ton, sol, usdt, beam, neiro), or be another coin's id (bitcoin).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple

TURNOVER = 0.05
"""The share of its market cap that a coin's 24 h volume is, if the table does not say."""


class Coin(NamedTuple):
    """The properties of a coin; money in US dollars."""

    symbol: str
    name: str
    usd: float
    supply: float
    volatility: float = 1.0  # 1: hourly log returns of about 0.5 %
    volume: float | None = None  # in 24 h
    listed_at: datetime = datetime(1970, 1, 1, tzinfo=timezone.utc)  # no point is before it

    @property
    def volume_usd(self) -> float:
        """The 24 h volume around which the coin's volumes vary."""
        return TURNOVER * self.usd * self.supply if self.volume is None else self.volume


COINS = {
    # The first dozen: their prices are in pictures and tests.
    "bitcoin": Coin("btc", "Bitcoin", 64_000, 19.7e6, 1.0, 31e9),
    "ethereum": Coin("eth", "Ethereum", 3_100, 120e6, 1.2, 15e9),
    "solana": Coin("sol", "Solana", 148, 465e6, 1.7, 2.6e9),
    "ripple": Coin("xrp", "XRP", 0.55, 56e9, 1.3, 1.3e9),
    "dogecoin": Coin("doge", "Dogecoin", 0.16, 145e9, 1.8, 1.1e9),
    "cardano": Coin("ada", "Cardano", 0.45, 35.6e9, 1.4, 380e6),
    "litecoin": Coin("ltc", "Litecoin", 82, 74.6e6, 1.2, 420e6),
    "polkadot": Coin("dot", "Polkadot", 6.5, 1.43e9, 1.5, 210e6),
    "chainlink": Coin("link", "Chainlink", 14.2, 587e6, 1.5, 330e6),
    "monero": Coin("xmr", "Monero", 163, 18.4e6, 1.0, 75e6),
    "tether": Coin("usdt", "Tether", 1, 112e9, 0.01, 48e9),  # a stable coin: candles of almost no height
    "kishu-inu": Coin("kishu", "Kishu Inu", 1e-8, 93e15, 2.2, 2.4e6),  # DECIMAL(38,9) would keep a digit or two
    # Money
    "bitcoin-cash": Coin("bch", "Bitcoin Cash", 455, 19.7e6, 1.4),
    "bitcoin-cash-sv": Coin("bsv", "Bitcoin SV", 62, 19.7e6, 1.4),
    "ethereum-classic": Coin("etc", "Ethereum Classic", 26.5, 147e6, 1.4),
    "stellar": Coin("xlm", "Stellar", 0.107, 29e9, 1.3),
    "zcash": Coin("zec", "Zcash", 23.4, 16.3e6, 1.5),
    "dash": Coin("dash", "Dash", 29.5, 11.8e6, 1.3),
    "decred": Coin("dcr", "Decred", 19.8, 16.1e6, 1.3),
    "nano": Coin("xno", "Nano", 1.14, 133e6, 1.6),
    "ravencoin": Coin("rvn", "Ravencoin", 0.0265, 14e9, 1.6),
    "digibyte": Coin("dgb", "DigiByte", 0.0104, 16.9e9, 1.5),
    "iota": Coin("iota", "IOTA", 0.221, 3.3e9, 1.5),
    # Platforms
    "binancecoin": Coin("bnb", "BNB", 580, 147e6, 1.1),
    "avalanche-2": Coin("avax", "Avalanche", 35.2, 395e6, 1.6),
    "tron": Coin("trx", "TRON", 0.121, 87e9, 0.8),
    "the-open-network": Coin("ton", "Toncoin", 6.9, 2.5e9, 1.5),
    "near": Coin("near", "NEAR Protocol", 5.6, 1.09e9, 1.8),
    "aptos": Coin("apt", "Aptos", 8.9, 450e6, 1.8),
    "sui": Coin("sui", "Sui", 1.05, 2.5e9, 2.0),
    "internet-computer": Coin("icp", "Internet Computer", 11.8, 465e6, 1.7),
    "hedera-hashgraph": Coin("hbar", "Hedera", 0.092, 35.7e9, 1.6),
    "cosmos": Coin("atom", "Cosmos Hub", 8.3, 390e6, 1.5),
    "algorand": Coin("algo", "Algorand", 0.172, 8.2e9, 1.6),
    "vechain": Coin("vet", "VeChain", 0.034, 72.7e9, 1.7),
    "fantom": Coin("ftm", "Fantom", 0.72, 2.8e9, 2.0),
    "kaspa": Coin("kas", "Kaspa", 0.128, 23.8e9, 1.9),
    "celestia": Coin("tia", "Celestia", 9.6, 190e6, 2.0),
    "sei-network": Coin("sei", "Sei", 0.52, 2.9e9, 2.0),
    "injective-protocol": Coin("inj", "Injective", 24.3, 93e6, 1.9),
    "elrond-erd-2": Coin("egld", "MultiversX", 38.4, 27e6, 1.6),
    "tezos": Coin("xtz", "Tezos", 0.93, 985e6, 1.4),
    "eos": Coin("eos", "EOS", 0.78, 1.12e9, 1.4),
    "neo": Coin("neo", "NEO", 15.4, 70.5e6, 1.5),
    "gas": Coin("gas", "Gas", 4.9, 65e6, 1.8),
    "flow": Coin("flow", "Flow", 0.86, 1.5e9, 1.6),
    "zilliqa": Coin("zil", "Zilliqa", 0.0234, 18.2e9, 1.7),
    "mina-protocol": Coin("mina", "Mina Protocol", 0.79, 1.12e9, 1.8),
    "kava": Coin("kava", "Kava", 0.66, 1.08e9, 1.5),
    "conflux-token": Coin("cfx", "Conflux", 0.214, 4.0e9, 2.0),
    "oasis-network": Coin("rose", "Oasis", 0.094, 6.7e9, 1.9),
    "harmony": Coin("one", "Harmony", 0.0187, 14.2e9, 1.8),
    "qtum": Coin("qtum", "Qtum", 3.55, 105e6, 1.5),
    "celo": Coin("celo", "Celo", 0.78, 540e6, 1.7),
    "astar": Coin("astr", "Astar", 0.093, 5.9e9, 1.7),
    "blockstack": Coin("stx", "Stacks", 2.08, 1.46e9, 1.9),
    # Second layers
    "arbitrum": Coin("arb", "Arbitrum", 1.02, 2.65e9, 1.8),
    "optimism": Coin("op", "Optimism", 2.53, 1.1e9, 1.9),
    "matic-network": Coin("matic", "Polygon", 0.71, 9.9e9, 1.5),
    "mantle": Coin("mnt", "Mantle", 1.0, 3.26e9, 1.5),
    "starknet": Coin("strk", "Starknet", 1.27, 1.3e9, 2.0),
    "immutable-x": Coin("imx", "Immutable", 2.15, 1.48e9, 1.9),
    "loopring": Coin("lrc", "Loopring", 0.257, 1.37e9, 1.7),
    "zksync": Coin("zk", "ZKsync", 0.174, 3.7e9, 2.1),
    # Finance
    "uniswap": Coin("uni", "Uniswap", 7.6, 600e6, 1.7),
    "aave": Coin("aave", "Aave", 88.5, 14.8e6, 1.7),
    "maker": Coin("mkr", "Maker", 2_850, 930e3, 1.5),
    "lido-dao": Coin("ldo", "Lido DAO", 2.02, 892e6, 1.9),
    "curve-dao-token": Coin("crv", "Curve DAO", 0.43, 1.2e9, 1.9),
    "compound-governance-token": Coin("comp", "Compound", 56.3, 8.2e6, 1.7),
    "havven": Coin("snx", "Synthetix", 2.81, 328e6, 1.8),
    "sushi": Coin("sushi", "Sushi", 1.03, 193e6, 1.9),
    "1inch": Coin("1inch", "1inch", 0.382, 1.25e9, 1.6),
    "pancakeswap-token": Coin("cake", "PancakeSwap", 2.74, 263e6, 1.5),
    "thorchain": Coin("rune", "THORChain", 5.7, 335e6, 2.0),
    "gmx": Coin("gmx", "GMX", 30.6, 9.6e6, 1.7),
    "dydx-chain": Coin("dydx", "dYdX", 2.06, 560e6, 1.8),
    "yearn-finance": Coin("yfi", "yearn.finance", 6_900, 33e3, 1.5),
    "pendle": Coin("pendle", "Pendle", 5.1, 155e6, 2.2),
    "jupiter-exchange-solana": Coin("jup", "Jupiter", 1.01, 1.35e9, 2.1),
    "raydium": Coin("ray", "Raydium", 1.72, 263e6, 2.2),
    "ethena": Coin("ena", "Ethena", 0.83, 1.52e9, 2.4),
    "ondo-finance": Coin("ondo", "Ondo", 0.95, 1.39e9, 2.1),
    # Computing, data, machines
    "render-token": Coin("render", "Render", 8.7, 388e6, 2.0),
    "fetch-ai": Coin("fet", "Artificial Superintelligence Alliance", 2.18, 848e6, 2.2),
    "bittensor": Coin("tao", "Bittensor", 412, 6.8e6, 2.1),
    "the-graph": Coin("grt", "The Graph", 0.274, 9.5e9, 1.8),
    "filecoin": Coin("fil", "Filecoin", 5.9, 550e6, 1.6),
    "arweave": Coin("ar", "Arweave", 38.9, 65.5e6, 2.0),
    "akash-network": Coin("akt", "Akash Network", 4.3, 236e6, 2.0),
    "helium": Coin("hnt", "Helium", 5.2, 161e6, 2.0),
    "theta-token": Coin("theta", "Theta Network", 2.03, 1e9, 1.7),
    "quant-network": Coin("qnt", "Quant", 101, 14.5e6, 1.5),
    "worldcoin-wld": Coin("wld", "Worldcoin", 5.0, 195e6, 2.4),
    "pyth-network": Coin("pyth", "Pyth Network", 0.51, 3.6e9, 2.0),
    "basic-attention-token": Coin("bat", "Basic Attention", 0.228, 1.49e9, 1.4),
    "ethereum-name-service": Coin("ens", "Ethereum Name Service", 14.9, 31e6, 2.0),
    "livepeer": Coin("lpt", "Livepeer", 15.8, 32.6e6, 2.1),
    "chiliz": Coin("chz", "Chiliz", 0.114, 8.9e9, 1.7),
    # Games
    "axie-infinity": Coin("axs", "Axie Infinity", 7.1, 145e6, 1.7),
    "the-sandbox": Coin("sand", "The Sandbox", 0.44, 2.3e9, 1.6),
    "decentraland": Coin("mana", "Decentraland", 0.43, 1.91e9, 1.6),
    "gala": Coin("gala", "GALA", 0.0432, 38e9, 2.0),
    "apecoin": Coin("ape", "ApeCoin", 1.22, 605e6, 1.8),
    "ronin": Coin("ron", "Ronin", 2.85, 320e6, 1.9),
    "stepn": Coin("gmt", "GMT", 0.216, 2.5e9, 1.8),
    # Memes
    "shiba-inu": Coin("shib", "Shiba Inu", 2.4e-5, 589e12, 1.9),
    "pepe": Coin("pepe", "Pepe", 7.8e-6, 420.7e12, 2.6),
    "bonk": Coin("bonk", "Bonk", 2.5e-5, 66e12, 2.6),
    "floki": Coin("floki", "FLOKI", 1.8e-4, 9.6e12, 2.4),
    "dogwifcoin": Coin("wif", "dogwifhat", 2.9, 999e6, 2.8),
    "mog-coin": Coin("mog", "Mog Coin", 5.2e-7, 363e12, 2.8),
    "book-of-meme": Coin("bome", "BOOK OF MEME", 0.0108, 69e9, 2.8),
    "baby-doge-coin": Coin("babydoge", "Baby Doge Coin", 1.6e-9, 160e15, 2.2),  # the cheapest
    # Stable
    "usd-coin": Coin("usdc", "USDC", 1, 33e9, 0.01),
    "dai": Coin("dai", "Dai", 1, 5.3e9, 0.015),
    "first-digital-usd": Coin("fdusd", "First Digital USD", 1, 3.1e9, 0.015),
    "ethena-usde": Coin("usde", "Ethena USDe", 1, 2.4e9, 0.02),
    "paypal-usd": Coin("pyusd", "PayPal USD", 1, 420e6, 0.01),
    "pax-gold": Coin("paxg", "PAX Gold", 2_330, 187e3, 0.25),
    # Exchanges
    "leo-token": Coin("leo", "LEO Token", 5.85, 927e6, 0.4),
    "okb": Coin("okb", "OKB", 49.5, 60e6, 0.9),
    "crypto-com-chain": Coin("cro", "Cronos", 0.124, 26.6e9, 1.4),
    "kucoin-shares": Coin("kcs", "KuCoin", 10.1, 96e6, 0.9),
    # Of a symbol that an earlier coin has, or of an earlier coin's id for a symbol
    "tokamak": Coin("ton", "Tokamak Network", 2.1, 43e6, 1.9),
    "wrapped-solana": Coin("sol", "Wrapped SOL", 148, 9.4e6, 1.7),
    "polygon-bridged-usdt-polygon": Coin("usdt", "Polygon Bridged USDT (Polygon)", 1, 960e6, 0.02),
    "beam": Coin("beam", "Beam", 0.062, 148e6, 1.9),
    "beam-2": Coin("beam", "Beam", 0.0214, 50.5e9, 2.0),
    "first-neiro-on-ethereum": Coin("neiro", "First Neiro on Ethereum", 1.3e-3, 420.7e9, 3.0),
    "neiro-3": Coin("neiro", "Neiro", 0.081, 1e9, 3.0),
    "harrypotterobamasonic10in": Coin("bitcoin", "HarryPotterObamaSonic10Inu (ETH)", 0.094, 1e9, 2.6),
    # At the ends
    "42-coin": Coin("42", "42-coin", 98_000, 42, 1.6),  # the dearest: there are only 42
    "sample-newcomer": Coin(  # in no list of CoinGecko's: a coin that begins in the middle of a year
        "newc", "Sample Newcomer", 0.75, 1e9, 2.2, listed_at=datetime(2026, 3, 1, tzinfo=timezone.utc)
    ),
}
"""By CoinGecko's id."""
